/*
 * virtual.js - long lists: only the rows in sight are on the page.
 *
 *   const {ref, from, to, before, after, reach} = useVirtual({count, height})
 *
 * All rows have one height, so nothing has to be measured and nothing moves. ref goes on the element
 * that holds the rows; from..to are to be drawn, between two gaps of `before` and `after` pixels;
 * reach(i) scrolls until row i is in sight. The page scrolls, not a box in it. For a grid, count the
 * lines; useColumns(ref, least, gap) tells how many cells fit beside each other.
 */
import { useLayoutEffect, useRef, useState } from "../preact.js";

const BEYOND = 4; // rows drawn beyond each edge
const TOP = 72; // what may cover the top of the window

function sight(element, count, height) {
  const top = element.getBoundingClientRect().top;
  const from = Math.max(0, Math.floor(-top / height) - BEYOND);
  const to = Math.min(count, Math.ceil((innerHeight - top) / height) + BEYOND);
  return { from: Math.min(from, count), to: Math.max(to, Math.min(from, count)) };
}

export function useVirtual({ count, height }) {
  const ref = useRef(null);
  const [range, setRange] = useState({ from: 0, to: Math.min(count, 40) });
  useLayoutEffect(() => {
    const look = () => {
      if (!ref.current) return;
      const next = sight(ref.current, count, height);
      setRange((now) => (now.from === next.from && now.to === next.to ? now : next));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look, { passive: true });
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count, height]);
  const from = Math.min(range.from, count);
  const to = Math.min(range.to, count);
  const reach = (i) => {
    const top = ref.current.getBoundingClientRect().top + i * height;
    if (top < TOP) scrollBy(0, top - TOP);
    else if (top + height > innerHeight - 16) scrollBy(0, top + height - innerHeight + 16);
  };
  return { ref, from, to, before: from * height, after: (count - to) * height, reach };
}

export function useColumns(ref, least, gap) {
  const [columns, setColumns] = useState(1);
  useLayoutEffect(() => {
    const look = () => setColumns(Math.max(1, Math.floor((ref.current.clientWidth + gap) / (least + gap))));
    const watch = new ResizeObserver(look);
    look();
    watch.observe(ref.current);
    return () => watch.disconnect();
  }, []);
  return columns;
}
