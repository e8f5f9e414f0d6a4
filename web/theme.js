/*
 * theme.js - puts the chosen theme on <html> before the first paint.
 *
 * A classic script in the head on purpose: a module runs after the page was drawn once, and a dark
 * room would flash white. The choice is made in parts.js.
 */
(function () {
  try {
    var theme = localStorage.getItem("larder-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    /* Storage can be forbidden; the system's preference rules then. */
  }
})();
