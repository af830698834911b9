"""Draws a terminal's screen, as `tmux capture-pane -e` gives it, as SVG."""
import html
import re
import sys

COLORS = ["#3b4252", "#bf616a", "#a3be8c", "#ebcb8b", "#81a1c1", "#b48ead", "#88c0d0", "#d8dee9"]
BRIGHT = ["#6c7a96", "#d08770", "#b5d19c", "#f2dba7", "#9dbad6", "#c9a7c3", "#a1d3e0", "#eceff4"]
WIDTH, HEIGHT = 8.4, 18

lines = sys.stdin.read().rstrip("\n").split("\n")
columns = max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines)
width, height = columns * WIDTH + 32, len(lines) * HEIGHT + 32
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
      'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">')
print(f'<rect width="100%" height="100%" rx="8" fill="#242933"/>')
fill, bold, dim = "#d8dee9", False, False
for row, line in enumerate(lines):
    column = 0
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b["):
            codes = [int(code or 0) for code in piece[2:-1].split(";")]
            for code in codes:
                if code == 0:
                    fill, bold, dim = "#d8dee9", False, False
                elif code == 1:
                    bold = True
                elif code == 2:
                    dim = True
                elif code == 22:
                    bold = dim = False
                elif 30 <= code <= 37:
                    fill = COLORS[code - 30]
                elif 90 <= code <= 97:
                    fill = BRIGHT[code - 90]
                elif code == 39:
                    fill = "#d8dee9"
            continue
        if piece.strip():
            x, y = 16 + column * WIDTH, 16 + row * HEIGHT + 13
            weight = ' font-weight="bold"' if bold else ""
            faint = ' opacity="0.6"' if dim else ""
            length = f' textLength="{len(piece) * WIDTH:.1f}"'
            print(f'<text x="{x:.1f}" y="{y}" fill="{fill}"{weight}{faint}{length}>{html.escape(piece)}</text>')
        column += len(piece)
print("</svg>")
