// Runs before the page is drawn, so that a chosen theme does not flash.
{
  const root = document.documentElement;
  root.classList.add("scripted");
  try {
    const theme = localStorage.getItem("seewhy-theme");
    if (theme) root.dataset.theme = theme;
  } catch { /* Storage may be forbidden; the system's theme is right then. */ }
}
