// The one stylesheet. Colours are chosen so that text reaches a contrast of 4.5:1 (WCAG AA) in both schemes.
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --card: #ffffff; --line: #d9dee3; --text: #16202a; --soft: #566472;
  --accent: #0b6e4f; --accent-text: #ffffff; --focus: #0b6e4f;
  --bad: #a4262c; --bad-ground: #fdecec; --warn: #7a5200; --warn-ground: #fff5dc; --good: #0b6e4f; --good-ground: #e6f5ee;
  --code: #eef1f3; --added: #e3f6ea; --removed: #fdeaea; --added-text: #0c5a35; --removed-text: #94222a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1418; --card: #171d23; --line: #2d3741; --text: #e7ecf0; --soft: #9fadb9;
    --accent: #7ee0b8; --accent-text: #08251a; --focus: #7ee0b8;
    --bad: #ff9b9b; --bad-ground: #3a1c1e; --warn: #f3c86b; --warn-ground: #35290f; --good: #7ee0b8; --good-ground: #14302a;
    --code: #0f1418; --added: #12301f; --removed: #3a1c1e; --added-text: #a6ecc4; --removed-text: #ffb9b9;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
.top { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; max-width: 46rem; margin: 0 auto; padding: 1.25rem 1.25rem 0; }
.brand { display: inline-flex; gap: .6rem; align-items: center; color: inherit; font-weight: 650; text-decoration: none; }
.brand img { border-radius: 7px; box-shadow: 0 0 0 1px var(--line); }
.visitor { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: center; margin: 0; color: var(--soft); font-size: .9rem; }
.visitor strong { color: var(--text); }
main { max-width: 46rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { margin: 1.25rem 0 .75rem; font-size: 1.7rem; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 .25rem; font-size: 1.15rem; }
p { margin: .5rem 0; }
a { color: var(--accent); }
.lead { font-size: 1.05rem; }
.soft, .hint { color: var(--soft); }
.hint { font-size: .9rem; }
section, .card { margin: 1.25rem 0; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
section > :last-child, .card > :last-child { margin-bottom: 0; }
.card > :first-child { margin-top: 0; }
.narrow .top, .narrow main { max-width: 27rem; }
.narrow .top { padding-top: 12vh; }
form { margin: 0; }
fieldset { margin: 1rem 0; padding: 0; border: 0; }
legend, .label { display: block; padding: 0; font-weight: 600; }
input[type="text"], input[type="password"], select, textarea { width: 100%; margin-top: .3rem; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); color: inherit; font: inherit; }
.unseen { position: absolute; width: 1px !important; height: 1px; overflow: hidden; clip-path: inset(50%); }
.row { display: grid; grid-template-columns: 2fr 1fr; gap: 1rem; }
@media (max-width: 34rem) { .row { grid-template-columns: 1fr; } }
.check { display: grid; grid-template-columns: auto 1fr; gap: .1rem .65rem; align-items: start; padding: .55rem 0; }
.check input { width: 1.1rem; height: 1.1rem; margin: .25rem 0 0; accent-color: var(--accent); }
.check .hint { grid-column: 2; }
button, .button { display: inline-block; padding: .6rem 1.1rem; border: 1px solid var(--accent); border-radius: 8px; background: var(--accent); color: var(--accent-text); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
button.secondary, .button.secondary { background: transparent; color: var(--text); border-color: var(--line); }
button.quiet { padding: .3rem .7rem; background: transparent; color: var(--text); border-color: var(--line); font-size: .9rem; font-weight: 500; }
button.danger { color: var(--bad); }
button:hover, .button:hover { filter: brightness(1.08); }
.wide { display: block; width: 100%; margin-top: .75rem; }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.or { display: flex; gap: 1rem; align-items: center; margin: 1.25rem 0 .5rem; color: var(--soft); font-size: .9rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.notice { margin: 1rem 0; padding: .75rem 1rem; border-radius: 8px; border-left: 4px solid; }
.notice p { margin: .15rem 0; }
.notice.error { background: var(--bad-ground); border-color: var(--bad); }
.notice.warning { background: var(--warn-ground); border-color: var(--warn); }
.notice.success { background: var(--good-ground); border-color: var(--good); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: .75rem 0; }
dl:first-child { margin-top: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ul.items { margin: .75rem 0 0; padding: 0; list-style: none; }
ul.items > li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; padding: .8rem 0; border-top: 1px solid var(--line); }
ul.items > li > div { flex: 1 1 16rem; min-width: 0; overflow-wrap: anywhere; }
.tag { display: inline-block; margin: 0 .3rem .2rem 0; padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 999px; color: var(--soft); font-size: .82rem; }
code, pre { font: .88rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: .5rem 0; padding: .85rem 1rem; overflow-x: auto; background: var(--code); border: 1px solid var(--line); border-radius: 8px; }
pre.wrap { white-space: pre-wrap; overflow-wrap: anywhere; }
.diff { padding: .6rem 0; }
.diff span { display: block; min-width: max-content; padding: 0 1rem; }
.diff .added { background: var(--added); color: var(--added-text); }
.diff .removed { background: var(--removed); color: var(--removed-text); }
.diff .place { color: var(--soft); }
details { margin-top: 1rem; }
summary { cursor: pointer; font-weight: 600; }
`;
