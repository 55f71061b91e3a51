"""The style sheet of the HTML report: light and dark by the reader's system, and paper.

Each palette's chart colours have a contrast of at least 3.2 : 1 to the panel and stay apart for colour-blind readers.
"""

LIGHT = """
  --page: #EEF1F5; --panel: #FFFFFF; --raised: #F4F6F9; --line: #CFD6E0; --soft: #E4E8EE;
  --text: #1B2028; --text2: #566072; --accent: #0B63CE;
  --ok: #1B7F4B; --warn: #8A5A00; --error: #C62828; --shade: rgba(198, 40, 40, .09);
  --c0: #2A99CA; --c1: #A83656; --c2: #6044D5; --c3: #AA8A24; --c4: #161D77; --c5: #511806;
"""

DARK = """
  --page: #14171C; --panel: #1B1F26; --raised: #262C36; --line: #343C48; --soft: #2A313B;
  --text: #E6E9EF; --text2: #A9B2C0; --accent: #4C9FFE;
  --ok: #3FCB8B; --warn: #F2B134; --error: #FF6B6B; --shade: rgba(255, 107, 107, .13);
  --c0: #68F2FD; --c1: #F59C73; --c2: #AD95FF; --c3: #FAEE40; --c4: #2873B0; --c5: #DA293B;
"""

PAGE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 Inter, "Segoe UI", system-ui, -apple-system, "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans",
  "Yu Gothic UI", IPAexGothic, sans-serif; font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.015em; margin: 2px 0 6px; font-weight: 650; }
h2 { font-size: 17px; margin: 0; font-weight: 620; letter-spacing: -.005em; }
h3 { font-size: 14px; margin: 18px 0 4px; font-weight: 600; }
p { margin: 0; }
code { font: 13px/1.5 "JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
.over { color: var(--text2); font-size: 13px; font-weight: 560; }
.muted, .note { color: var(--text2); }
.note { font-size: 13px; }
header { display: flex; gap: 24px; align-items: flex-start; justify-content: space-between; flex-wrap: wrap;
  margin-bottom: 24px; }
header > div:first-child { flex: 1 1 420px; }
.verdict { display: flex; align-items: center; gap: 12px; padding: 12px 20px 12px 14px; border-radius: 12px;
  background: var(--panel); border: 1px solid var(--line); border-left: 5px solid currentColor; }
.verdict b { display: block; font-size: 16px; line-height: 1.3; }
.verdict small { display: block; color: var(--text2); font-size: 13px; }
.verdict svg { width: 30px; height: 30px; flex: none; }
.held { color: var(--ok); } .missed { color: var(--error); } .unknown { color: var(--warn); }
.not-asked { color: var(--text2); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 14px; margin-bottom: 14px; }
.tile, section { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; }
.tile { padding: 14px 18px; }
.tile .value { font-size: 25px; font-weight: 640; letter-spacing: -.02em; line-height: 1.25; }
.tile .value small { font-size: 14px; font-weight: 500; color: var(--text2); letter-spacing: 0; }
section { padding: 20px 22px; margin-bottom: 14px; }
.head { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; flex-wrap: wrap;
  margin-bottom: 12px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 8px 10px; text-align: right; white-space: nowrap; }
th { color: var(--text2); font-weight: 560; font-size: 13px; }
thead tr:last-child th { border-bottom: 1px solid var(--line); }
tbody tr + tr td, tbody tr + tr th { border-top: 1px solid var(--soft); }
th:first-child, td:first-child, .left { text-align: left; }
.group { text-align: center; border-bottom: 1px solid var(--soft); color: var(--text); }
.first { padding-left: 22px; }
td.ratio { color: var(--text2); }
td.strong { font-weight: 620; }
td.wide { white-space: normal; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 9px; }
.state { display: inline-flex; align-items: center; gap: 7px; font-weight: 600; white-space: nowrap; }
.state svg { width: 17px; height: 17px; flex: none; }
.expect { display: grid; grid-template-columns: 118px 1fr; gap: 2px 14px; padding: 10px 0;
  border-top: 1px solid var(--soft); }
.expect:first-of-type { border-top: 0; padding-top: 0; }
.expect:last-child { padding-bottom: 0; }
.expect .note { grid-column: 2; }
.warning { padding: 7px 0; border-top: 1px solid var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 8px 24px; }
details summary { cursor: pointer; font-size: 17px; font-weight: 620; list-style-position: outside; }
details[open] summary { margin-bottom: 12px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; font-size: 14px; }
dt { color: var(--text2); } dd { margin: 0; overflow-wrap: anywhere; }
footer { color: var(--text2); font-size: 13px; padding: 10px 4px; }
"""

CHARTS = """
section svg[role=img] { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--text); }
svg .tick, svg .small { fill: var(--text2); font-size: 11.5px; }
svg .fault-name { fill: var(--error); font-size: 11.5px; font-weight: 600; }
.axis { stroke: var(--line); stroke-width: 1; } .grid { stroke: var(--text2); stroke-opacity: .16; }
.curve { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; }
.curve.simulated { stroke-dasharray: 6 4; }
.bar { fill: var(--c); stroke: var(--c); stroke-width: 1.5; }
.bar.simulated { fill-opacity: .14; }
.bar.bad { stroke: var(--error); stroke-dasharray: 3 2; }
.point { fill: var(--c); stroke: var(--c); stroke-width: 2; } .point.simulated { fill: var(--panel); }
.between { stroke: var(--c); stroke-width: 3; stroke-opacity: .4; }
.standstill { fill: var(--shade); } .fault-line { stroke: var(--error); stroke-dasharray: 2 3; }
.fault-mark { fill: var(--error); }
"""

COLOURS = "".join(f".c{i} {{ --c: var(--c{i}); }} .swatch.c{i} {{ background: var(--c{i}); }}\n" for i in range(6))

STYLE = f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
{PAGE}{CHARTS}{COLOURS}
@media print {{
  :root {{ {LIGHT} --page: #FFFFFF; }}
  main {{ padding: 0; }} section, .tile {{ break-inside: avoid; }}
}}
@media (max-width: 640px) {{ main {{ padding: 24px 12px; }} .expect {{ grid-template-columns: 1fr; }}
  .expect .note {{ grid-column: 1; }} .pair {{ grid-template-columns: 1fr; }} }}
"""
