// How the status page looks.
#pragma once

namespace fallbackmx {

/// Two sets of colours, by the reader's own preference; a table that becomes a list where the screen is
/// narrow.
inline constexpr char status_style[] = R"css(
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --line: #dfe4ea; --ink: #16202b; --soft: #5c6b7a;
  --good: #1f8f5f; --watch: #b7791f; --bad: #c53434; --calm: #5b7fa6;
  --good-tint: #e3f4ec; --watch-tint: #fbf0da; --bad-tint: #fbe6e6;
  --accepted: #2f9e6e; --unverified: #e0a526; --passed: #b9c7d6; --deferred: #7d8fd6;
  --undeliverable: #d3574f; --rejected: #8d4a76;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10161d; --card: #18212b; --line: #2a3643; --ink: #e4ebf2; --soft: #93a3b3;
    --good: #4cc38f; --watch: #e3b04b; --bad: #f0736b; --calm: #86aedb;
    --good-tint: #15352a; --watch-tint: #3a2f16; --bad-tint: #40201f;
    --accepted: #3fae7d; --unverified: #d9a63a; --passed: #47576a; --deferred: #7f91dd;
    --undeliverable: #dc6a62; --rejected: #b0709b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1.25rem 3rem; max-width: 68rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.45rem; font-weight: 650; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); width: 100%; }
h2 { font-size: .8rem; font-weight: 650; letter-spacing: .06em; text-transform: uppercase; color: var(--soft);
  margin: 2rem 0 .6rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
section.card, .cards > *, .notice { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem 1.15rem; }
.pill { display: inline-flex; align-items: center; gap: .45em; padding: .15em .75em; border-radius: 99px;
  font-size: .88rem; font-weight: 600; white-space: nowrap; }
.pill::before { content: ""; width: .55em; height: .55em; border-radius: 50%; background: currentColor; }
.good { color: var(--good); background: var(--good-tint); }
.watch { color: var(--watch); background: var(--watch-tint); }
.bad { color: var(--bad); background: var(--bad-tint); }
.notice { margin: 0 0 .75rem; color: var(--ink); border-left: 4px solid var(--bad); overflow-wrap: anywhere; }
.notice.watch { border-left-color: var(--watch); background: var(--card); }
.cards { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
.cards .head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: start; gap: .3rem .75rem; }
.cards .sub { color: var(--soft); font-size: .88rem; margin: .1rem 0 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: .75rem 0 0; font-size: .92rem; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; overflow-wrap: break-word; min-width: 0; }
.words { margin: .75rem 0 0; padding: .5rem .7rem; border-radius: 6px; font-size: .85rem; overflow-wrap: anywhere;
  color: var(--ink); background: var(--bad-tint); }
.words.watch { background: var(--watch-tint); }
.figures { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; margin: 0 0 .75rem; padding: 0; list-style: none; }
.figures li { display: flex; align-items: baseline; gap: .45rem; font-size: .9rem; color: var(--soft); }
.figures b { color: var(--ink); font-size: 1.15rem; font-weight: 650; }
.figures i { align-self: center; width: .7rem; height: .7rem; border-radius: 3px; }
svg.mix { display: block; width: 100%; height: auto; overflow: visible; }
svg.mix text { fill: var(--soft); font-size: 11px; }
svg.mix .y { text-anchor: end; } svg.mix .x { text-anchor: middle; }
svg.mix line { stroke: var(--line); stroke-width: 1; } svg.mix line.grid { stroke-dasharray: 2 4; }
svg.mix g:hover { opacity: .75; }
.accepted { fill: var(--accepted); background: var(--accepted); }
.unverified { fill: var(--unverified); background: var(--unverified); }
.passed { fill: var(--passed); background: var(--passed); }
.deferred { fill: var(--deferred); background: var(--deferred); }
.undeliverable { fill: var(--undeliverable); background: var(--undeliverable); }
.rejected { fill: var(--rejected); background: var(--rejected); }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
section.table { padding: .35rem 0 0; overflow: hidden; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .8rem; padding: .45rem .6rem; }
td { padding: .5rem .6rem; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
td:nth-child(3), td:nth-child(5) { white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
th:first-child, td:first-child { padding-left: 1.15rem; }
td small { display: block; color: var(--soft); font-size: .83rem; font-weight: 400; }
td .action { font-weight: 650; }
td .accept { color: var(--good); } td .defer { color: var(--watch); } td .reject { color: var(--bad); }
.none { color: var(--soft); margin: 0; }
footer { margin-top: 2rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 44rem) {
  body { padding: 1rem .8rem 2rem; }
  thead { display: none; }
  tr { display: block; padding: .65rem 1rem; border-top: 1px solid var(--line); }
  tr:first-child { border-top: 0; }
  td, td:nth-child(n) { display: block; padding: 0; border: 0; white-space: normal; overflow-wrap: anywhere; }
  td:first-child { float: right; color: var(--soft); }
  td:nth-child(3) { font-weight: 600; }
  svg.mix text { font-size: 22px; }
}
)css";

}  // namespace fallbackmx
