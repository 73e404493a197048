// Buttons that print the page: <button type="button" data-print hidden>. Without a script the browser's own menu prints.

export function startPrinting() {
  for (const button of document.querySelectorAll('button[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => window.print());
  }
}
