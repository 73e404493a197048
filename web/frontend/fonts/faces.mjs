// The product's font as CSS: the subsets that @fontsource cuts by unicode-range, with the machine's own copy first.
// Windows has BIZ UDPGothic since 2018, so most desks of a city hall fetch nothing.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOCAL_NAMES = {
  400: ['BIZ UDPGothic', 'BIZ UDPゴシック', 'BIZUDPGothic-Regular', 'BIZ-UDPGothic'],
  700: ['BIZ UDPGothic Bold', 'BIZ UDPゴシック Bold', 'BIZUDPGothic-Bold', 'BIZ-UDPGothic-Bold'],
};

/** CSS text with one @font-face per subset and weight; urls are absolute paths for the bundler. */
export async function fontFaces(folder, weights) {
  const sheets = await Promise.all(weights.map(async (weight) => {
    const css = await readFile(join(folder, `${weight}.css`), 'utf8');
    const local = LOCAL_NAMES[weight].map((name) => `local("${name}")`).join(', ');
    return css.replace(/src: url\(\.\/(files\/[^)]+\.woff2)\)[^;]*;/g, (_, file) =>
      `src: ${local}, url("${join(folder, file)}") format("woff2");`);
  }));
  return sheets.join('\n');
}
