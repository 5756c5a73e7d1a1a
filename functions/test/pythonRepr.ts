/** What Python's repr() prints for a value: how the mining modules write their maps. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return textRepr(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberRepr(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(", ")}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${textRepr(key)}: ${pythonRepr(inner)}`);
  return `{${entries.join(", ")}}`;
}

function numberRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  return String(value);
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** In single quotes, unless that would need an escape that double quotes do not. */
function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const characters = [...text].map((character) => {
    if (character === quote) return `\\${quote}`;
    return (
      ESCAPES[character] ?? (/[\p{C}\p{Zl}\p{Zp}\u00A0]/u.test(character) ? codeRepr(character) : character)
    );
  });
  return `${quote}${characters.join("")}${quote}`;
}

function codeRepr(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
