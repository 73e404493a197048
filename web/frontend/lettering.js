// The font of the names in a diagram. Lines are broken by their measured width: what was drawn before the font had come
// is drawn once more with it, so that nobody waits for a font in order to see a diagram.
const FONT = '"BIZ UDPGothic", "Yu Gothic UI", Meiryo, sans-serif';

/** The settings of a viewer or modeler for its names. */
export const textRenderer = { defaultStyle: { fontFamily: FONT }, externalStyle: { fontFamily: FONT } };

/** Asks for the font of the names in a file; resolves with whether it had to be fetched and has come. */
export async function lettersOf(xml) {
  const style = `12px ${FONT}`;
  if (document.fonts.check(style, xml)) return false;
  return document.fonts.load(style, xml).then(() => true, () => false);
}

/** Draws all names anew once their font has been fetched; one that cannot be fetched leaves them as they are. */
export async function drawWith(letters, viewer) {
  if (!await letters) return;
  const [registry, factory] = [viewer.get('elementRegistry'), viewer.get('graphicsFactory')];
  for (const element of registry.filter((one) => one.parent)) {
    factory.update(element.waypoints ? 'connection' : 'shape', element, registry.getGraphics(element));
  }
}
