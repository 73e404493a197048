/** Looks again and again, `ms` apart, as long as the line stands on the page; not while the page is hidden. */
export function lookEvery(ms, line, look) {
  const again = async () => {
    if (!line.isConnected) return;
    if (!document.hidden) await look(line);
    setTimeout(again, ms);
  };
  setTimeout(again, ms);
}
