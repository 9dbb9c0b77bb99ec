#include "probe/dns/hosts_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Lines without their comments, as words.
template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    std::string_view rest = line.substr(0, line.find('#'));
    std::vector<std::string_view> words;
    constexpr std::string_view blanks = " \t\r\v\f";
    for (;;) {
      const auto begin = rest.find_first_not_of(blanks);
      if (begin == std::string_view::npos) break;
      rest.remove_prefix(begin);
      words.push_back(rest.substr(0, rest.find_first_of(blanks)));
      rest.remove_prefix(words.back().size());
    }
    if (!words.empty()) take(words);
  }
}

}  // namespace

HostsTable parse_hosts(std::string_view text) {
  HostsTable table;
  for_each_line(text, [&table](const std::vector<std::string_view>& words) {
    boost::system::error_code trouble;
    const auto address = boost::asio::ip::make_address(std::string(words.front()), trouble);
    if (trouble) return;
    for (std::size_t i = 1; i < words.size(); ++i) {
      auto& known = table[lower_case(words[i])];
      if (std::find(known.begin(), known.end(), address) == known.end()) known.push_back(address);
    }
  });
  return table;
}

bool names_dns(std::string_view nsswitch) {
  std::optional<bool> named;
  for_each_line(nsswitch, [&named](const std::vector<std::string_view>& words) {
    if (words.front() != "hosts:") return;
    named = std::any_of(words.begin() + 1, words.end(),
                        [](std::string_view word) { return word == "dns" || word == "resolve"; });
  });
  return named.value_or(true);
}

HostsFile::HostsFile(std::string path, std::string nsswitch)
    : hosts_{.path = std::move(path)}, nsswitch_{.path = std::move(nsswitch)} {}

HostsFile::Print HostsFile::print_of(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec};
}

bool HostsFile::has_changed(File& file, std::string& text) {
  // Taken before reading: a file that changes in between is read once more next time.
  const Print print = print_of(file.path);
  if (file.read && print == file.print) return false;
  file.print = print;
  file.read = true;
  file.trouble.clear();
  if (print == Print{}) return true;  // there is none
  auto content = read_text_file(file.path, most_bytes);
  if (!content) {
    file.trouble = content.error();
    return false;
  }
  text = std::move(*content);
  return true;
}

std::vector<IpAddress> HostsFile::find(std::string_view name) {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (has_changed(hosts_, text)) table_ = parse_hosts(text);
  const auto found = table_.find(lower_case(name));
  return found == table_.end() ? std::vector<IpAddress>() : found->second;
}

bool HostsFile::dns_behind() {
  const std::lock_guard lock(mutex_);
  std::string text;
  if (has_changed(nsswitch_, text)) dns_behind_ = names_dns(text);
  return dns_behind_;
}

std::string HostsFile::trouble() {
  const std::lock_guard lock(mutex_);
  return hosts_.trouble;
}

}  // namespace fallbackmx
