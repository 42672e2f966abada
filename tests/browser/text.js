/* What can be read inside an element: each text with its size in pixels and its contrast (WCAG 2.2). */
(root) => {
  const channels = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  };
  const over = ([r, g, b, alpha], below) =>
    [r, g, b].map((value, i) => value * alpha + below[i] * (1 - alpha));
  const luminance = (color) => {
    const linear = color.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (element) => {
    let paper = [255, 255, 255];
    let opacity = 1;
    const chain = [];
    for (let each = element; each; each = each.parentElement) chain.unshift(each);
    for (const each of chain) {
      const style = getComputedStyle(each);
      paper = over(channels(style.backgroundColor), paper);
      opacity *= Number(style.opacity);
    }
    const [red, green, blue, alpha] = channels(getComputedStyle(element).color);
    const both = [over([red, green, blue, alpha * opacity], paper), paper].map(luminance);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  const texts = [];
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const shown = { opacityProperty: true, visibilityProperty: true };
  while (nodes.nextNode()) {
    const { data, parentElement } = nodes.currentNode;
    const silent = parentElement.closest("script, style, noscript, option");
    if (!data.trim() || silent || !parentElement.checkVisibility(shown)) continue;
    const size = parseFloat(getComputedStyle(parentElement).fontSize);
    texts.push({ text: data.trim(), size, contrast: contrast(parentElement) });
  }
  for (const field of root.querySelectorAll("input, textarea, select")) {
    if (!field.checkVisibility(shown)) continue;
    const size = parseFloat(getComputedStyle(field).fontSize);
    texts.push({ text: field.value, size, contrast: contrast(field) });
  }
  return texts;
}
