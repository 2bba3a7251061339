// How many segments a text costs, as reminders/wording/segments.py counts them: a test runs one table through both.
const Segments = (() => {
  const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const EXTENSION = new Set("\f^{}\\[~]|€");
  const LIMITS = { "GSM-7": [160, 153], "UCS-2": [70, 67] };

  const size = (character, encoding) =>
    encoding === "GSM-7" ? (EXTENSION.has(character) ? 2 : 1) : character.length;

  // An escaped character or a surrogate pair never straddles two segments.
  function pack(sizes, each) {
    let segments = 1, room = each;
    for (const one of sizes) {
      if (one > room) { segments += 1; room = each; }
      room -= one;
    }
    return segments;
  }

  function count(body) {
    const characters = [...body];
    const encoding = characters.every((one) => BASIC.has(one) || EXTENSION.has(one)) ? "GSM-7" : "UCS-2";
    const sizes = characters.map((one) => size(one, encoding));
    const units = sizes.reduce((sum, one) => sum + one, 0), [single, each] = LIMITS[encoding];
    return { encoding, units, count: units <= single ? 1 : pack(sizes, each), outside: characters.filter((one) => !BASIC.has(one) && !EXTENSION.has(one)) };
  }

  // What is sent: `text` as the server cleans it, between what it puts around it.
  function composed(before, text, after) {
    const lines = text.trim().split(/\r\n|[\n\r]/).map((line) => line.trim());
    return (before + lines.join("\n").trim() + after)
      .replace(/[ \t]+(?=\n|$)/g, "").replace(/[ \t]{2,}/g, " ").replace(/\n{3,}/g, "\n\n").trim();
  }

  return { count, composed };
})();
