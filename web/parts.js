/*
 * parts.js - the one door to the parts: views import Button, Card and the others from here.
 *
 *   parts/basic.js   Button IconButton Icon Card Badge EmptyState Skeleton Progress Time Bytes Table
 *                    Tabs Switch Choice ViewHead; useId, useLoad, useTask, Loaded
 *   parts/form.js    Form Field Submit Wrong
 *   parts/error.js   ErrorPanel
 *   parts/copy.js    Command CopyAs copyItems copyText
 *   parts/dialog.js  Dialog ConfirmTyped confirm
 *   parts/menu.js    Menu
 *   parts/toast.js   toast Toasts
 *   parts/theme.js   ThemeChoice
 *   parts/frame.js   Brand Foot Alone
 *
 * Loaded only where they are used, so import them by themselves: parts/chart.js (Chart),
 * parts/readme.js (Readme), parts/virtual.js (long lists). Parts know no route and no noun; how they
 * look stands in css/parts.css and css/float.css under the same names; their words are in texts.js.
 */
export * from "./parts/basic.js";
export * from "./parts/copy.js";
export * from "./parts/dialog.js";
export * from "./parts/error.js";
export * from "./parts/form.js";
export * from "./parts/frame.js";
export * from "./parts/menu.js";
export * from "./parts/theme.js";
export * from "./parts/toast.js";
