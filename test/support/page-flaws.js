// What is wrong with a page for those who see little, or hear it read out. Runs in the page; its value is the list of flaws.
(() => {
  const flaws = [];
  if (document.querySelectorAll("h1").length !== 1) flaws.push("not one h1");
  if (document.documentElement.lang === "") flaws.push("no language");
  if (document.documentElement.scrollWidth > window.innerWidth) flaws.push("wider than the window");
  for (const field of document.querySelectorAll("input:not([type=hidden]), select")) {
    const isNamed = field.labels.length > 0 || field.hasAttribute("aria-label");
    if (!isNamed) flaws.push(`no label: ${field.outerHTML}`);
  }
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    if (!hasText || element.offsetParent === null) continue;
    const contrast = contrastOf(partsOf(getComputedStyle(element).color), groundOf(element));
    if (contrast < 4.5) flaws.push(`contrast ${contrast.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
  }
  return flaws;

  /** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
  function contrastOf(text, ground) {
    const [lighter, darker] = [luminanceOf(text), luminanceOf(ground)].sort((a, b) => b - a);
    return (lighter + 0.05) / (darker + 0.05);
  }

  function luminanceOf(parts) {
    const [red, green, blue] = parts.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function groundOf(element) {
    if (element === null) return [255, 255, 255];
    const ground = partsOf(getComputedStyle(element).backgroundColor);
    return ground[3] === 0 ? groundOf(element.parentElement) : ground;
  }

  function partsOf(color) {
    return color.match(/[\d.]+/g).map(Number);
  }
})();
