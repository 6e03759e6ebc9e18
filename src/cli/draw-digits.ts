/** Small grey images as lines of text: two pixels above each other in one character. */

/** From paper to ink. */
const SHADES = [' ', '░', '▒', '▓', '█'];
/** Steps of grey on a terminal with 256 colours: 232 is nearly black, 255 nearly white. */
const GREYS = { first: 232, count: 24 };

export interface Picture {
  /** Rows of values from 0 (paper) to 1 (ink), row by row. */
  readonly pixels: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** Lines written below. */
  readonly caption: readonly string[];
}

const GAP = '  ';

/**
 * The pictures side by side, in rows where `columns` do not hold them all. With `colour`, half
 * blocks in grey; else two characters a pixel, by shade.
 */
export function drawPictures(
  pictures: readonly Picture[],
  colour: boolean,
  columns = Number.POSITIVE_INFINITY,
): string {
  const cells = pictures[0].width * (colour ? 1 : 2) + GAP.length;
  const fitting = Math.max(1, Math.floor((columns + GAP.length) / cells));
  if (pictures.length <= fitting) return drawRow(pictures, colour);
  const rows: string[] = [];
  for (let i = 0; i < pictures.length; i += fitting) {
    rows.push(drawRow(pictures.slice(i, i + fitting), colour));
  }
  return rows.join('\n\n');
}

function drawRow(pictures: readonly Picture[], colour: boolean): string {
  const blocks = pictures.map((p) => {
    const cells = colour ? p.width : 2 * p.width;
    const body = colour ? greyRows(p) : shadeRows(p);
    return [...body, ...p.caption.map((line) => line.padEnd(cells))];
  });
  const height = Math.max(...blocks.map((b) => b.length));
  const lines: string[] = [];
  for (let i = 0; i < height; i++)
    lines.push(
      blocks
        .map((b) => b[i] ?? '')
        .join(GAP)
        .trimEnd(),
    );
  return lines.join('\n');
}

const clamp = (x: number): number => Math.min(Math.max(x, 0), 1);

function shadeRows({ pixels, width, height }: Picture): string[] {
  const rows: string[] = [];
  for (let y = 0; y < height; y++) {
    let line = '';
    for (let x = 0; x < width; x++) {
      line += SHADES[Math.round(clamp(pixels[y * width + x]) * (SHADES.length - 1))].repeat(2);
    }
    rows.push(line);
  }
  return rows;
}

/** The upper half block: its own colour above, the background's below. */
function greyRows({ pixels, width, height }: Picture): string[] {
  const grey = (y: number, x: number): number =>
    y < height
      ? GREYS.first + Math.round(clamp(pixels[y * width + x]) * (GREYS.count - 1))
      : GREYS.first;
  const rows: string[] = [];
  for (let y = 0; y < height; y += 2) {
    let line = '';
    for (let x = 0; x < width; x++) {
      line += `\x1b[38;5;${grey(y, x)}m\x1b[48;5;${grey(y + 1, x)}m▀`;
    }
    rows.push(`${line}\x1b[0m`);
  }
  return rows;
}
