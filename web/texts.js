/*
 * texts.js - every sentence the pages say, in one place, ready to be translated.
 *
 * Views hold no wording of their own. What the server says of an error is shown as it is: the place
 * that knew wrote the sentence.
 */
export const texts = {
  name: "Larder",
  tagline: "The plugin catalog of this appliance",
  skip: "Skip to the content",
  waiting: "One moment…",
  footer: { docs: "API reference", health: "Health", metrics: "Metrics" },

  theme: { label: "Colours", light: "Light", dark: "Dark", system: "As the system" },

  nav: { label: "Pages", home: "Overview", account: "Account", docs: "API reference", signOut: "Sign out" },

  error: {
    offline: "The appliance does not answer. Check that it is running and try again.",
    requestId: (id) => `Request ${id}`,
    retry: "Try again",
    close: "Close",
    retryAfter: (seconds) => `Try again in ${seconds} s.`,
  },

  signin: {
    title: "Sign in",
    username: "User name",
    password: "Password",
    show: "Show",
    hide: "Hide",
    showPassword: "Show the password",
    submit: "Sign in",
    busy: "Signing in…",
    setupNeeded: "No administrator exists yet. Open the setup link that the server printed when it started, or print a new one:",
    setupCommand: "larder setup-link",
    missing: "Enter user name and password.",
    signedOut: "You are signed out.",
  },

  setup: {
    title: "Welcome",
    intro: "Choose the name and password of the first administrator.",
    username: "User name",
    password: "Password",
    passwordHint: "At least 12 characters. A few unrelated words work well.",
    repeat: "Password again",
    submit: "Create the administrator",
    busy: "Creating…",
    short: "The password needs at least 12 characters.",
    differ: "The two passwords differ.",
    noName: "Enter a user name.",
    done: "The administrator exists. You are signed in.",
    noToken: "This page needs a setup link. On the machine that runs Larder, print a new one:",
    command: "larder setup-link",
    notNeeded: "An administrator exists already.",
    toSignIn: "To sign-in",
  },

  home: {
    title: (name) => `Hello, ${name}`,
    admin: "You administer this appliance.",
    member: "You are signed in.",
  },

  orgs: {
    title: "Organizations",
    count: (n) => (n === 1 ? "1 organization" : `${n} organizations`),
    none: "You belong to no organization yet.",
    noneAdmin: "No organization exists yet. Create the first one over the API:",
    deleted: "deleted",
    noDomain: "no domain",
    roles: { sys_admin: "System admin", org_admin: "Admin", member: "Member" },
    status: { active: "active", suspended: "suspended" },
  },

  sessions: {
    title: "Sessions",
    intro: "Everywhere you are signed in. A revoked session ends at once.",
    current: "This one",
    revoke: "Revoke",
    revokeNamed: (what) => `Revoke the session ${what}`,
    revoked: "The session is revoked.",
    used: "last used",
    opened: "opened",
    none: "No session is open.",
    unknown: "Unknown program",
  },

  account: {
    title: "Account",
    profile: "Profile",
    username: "User name",
    displayName: "Name to show",
    email: "E-mail",
    save: "Save",
    saved: "The profile is saved.",
    password: "Password",
    current: "Present password",
    fresh: "New password",
    repeat: "New password again",
    change: "Change the password",
    changed: "The password is changed. Other sessions have ended.",
    needCurrent: "Enter the present password.",
  },

  copy: { label: "Copy", done: "Copied", failed: "Copying is not allowed here." },

  docs: {
    title: "API reference",
    intro: "Every route of this appliance, drawn from its own OpenAPI document.",
    download: "openapi.json",
    search: "Search",
    searchHint: "Path, word or permission",
    found: (n) => (n === 1 ? "1 route" : `${n} routes`),
    nothing: "No route matches.",
    groups: "Groups",
    permission: "Needs",
    parameters: "Parameters",
    place: { path: "in the path", query: "in the query", header: "as a header" },
    name: "Name",
    about: "Meaning",
    body: "Body",
    example: "Example",
    answers: "Answers",
    try: "On the command line",
    required: "required",
    home: "Overview",
  },
};
