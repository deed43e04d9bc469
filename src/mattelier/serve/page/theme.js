// Light or dark: as the system says, until the switch says otherwise. The choice is kept in this browser.

const KEY = "mattelier-theme";

/** @param {HTMLButtonElement} button @param {HTMLElement} name where the other theme is named */
export function themeSwitch(button, name) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const current = () => root.dataset.theme ?? (dark.matches ? "dark" : "light");
  const show = () => (name.textContent = current() === "dark" ? "Light" : "Dark");
  const kept = read();
  if (kept) root.dataset.theme = kept;
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    keep(root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

/** @returns {string | null} a browser may refuse storage; then nothing is kept */
function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {string} theme */
function keep(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // refused: the choice lasts as long as the page
  }
}
