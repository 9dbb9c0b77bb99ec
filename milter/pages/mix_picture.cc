#include "milter/pages/mix_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace fallbackmx {

const std::array<MixColumn, 6> mix_columns = {{
    {"accepted", "accepted, known to the primary", &VerdictMix::accepted},
    {"unverified", "accepted unverified", &VerdictMix::unverified},
    {"passed", "passed, nothing to verify", &VerdictMix::passed},
    {"deferred", "deferred", &VerdictMix::deferred},
    {"undeliverable", "rejected, unknown to the primary", &VerdictMix::undeliverable},
    {"rejected", "rejected by another rule", &VerdictMix::rejected},
}};

namespace {

// In units of the picture: the bars stand on `ground`, between `left` and `right`.
constexpr double left = 44, right = 712, top = 14, ground = 176;
constexpr double step = (right - left) / RecentVerdicts::minutes;

/// The least round number with a round half that everything stays below: 1, 2 or 4 with noughts.
std::uint64_t scale_for(std::uint64_t highest) {
  std::uint64_t scale = 2;
  for (int i = 1; scale < highest; ++i) scale = i % 3 == 2 ? scale / 2 * 5 : scale * 2;
  return scale;
}

std::string clock_time(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:02}:{:02}", local.tm_hour, local.tm_min);
}

std::string in_words(const VerdictMix& mix) {
  std::string words;
  for (const MixColumn& column : mix_columns) {
    if (const auto count = mix.*column.count; count > 0)
      words += fmt::format("{}{} {}", words.empty() ? "" : "; ", count, column.label);
  }
  return words;
}

std::string scale_lines(std::uint64_t scale) {
  std::string lines;
  for (const int half : {0, 1, 2}) {
    const double y = ground - (ground - top) * half / 2;
    lines += fmt::format(
        R"(<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="y" x="{}" y="{}">{}</text>)",
        half == 0 ? "ground" : "grid", left, right, y, y, left - 8, y + 4, scale / 2 * half);
  }
  return lines;
}

std::string bar(const VerdictMix& mix, std::size_t minute, double unit, const std::string& when) {
  std::string rectangles;
  double y = ground;
  for (const MixColumn& column : mix_columns) {
    const auto count = mix.*column.count;
    if (count == 0) continue;
    const double height = count * unit;
    y -= height;
    rectangles +=
        fmt::format(R"(<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>)",
                    column.css_class, left + step * static_cast<double>(minute) + 1, y, step - 2, height);
  }
  return fmt::format("<g><title>{}: {}</title>{}</g>", when, in_words(mix), rectangles);
}

}  // namespace

std::string mix_picture(const RecentVerdicts::Hour& hour, WallTime now) {
  std::uint64_t highest = 0, all = 0;
  for (const VerdictMix& mix : hour) {
    highest = std::max<std::uint64_t>(highest, mix.total());
    all += mix.total();
  }
  const std::uint64_t scale = scale_for(highest);
  const double unit = (ground - top) / static_cast<double>(scale);
  std::string picture = fmt::format(
      R"(<svg class="mix" viewBox="0 0 720 204" role="img" aria-label="{} recipients in the last hour, by minute">)",
      all);
  picture += scale_lines(scale);
  constexpr auto last = RecentVerdicts::minutes - 1;
  for (std::size_t i = 0; i < hour.size(); ++i) {
    const WallTime at = now - std::chrono::minutes(last - i);
    if (hour[i].total() > 0) picture += bar(hour[i], i, unit, clock_time(at));
    if ((last - i) % 15 != 0) continue;
    picture += fmt::format(R"(<text class="x" x="{:.2f}" y="{}">{}</text>)",
                           left + step * (static_cast<double>(i) + 0.5), ground + 20,
                           i == last ? "now" : clock_time(at));
  }
  return picture + "</svg>";
}

}  // namespace fallbackmx
