#include "probe/dns/resolv_conf.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "probe/base/number.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_servers = 8;
constexpr std::size_t most_bytes = 65536;

/// The bounds are those of libc.
void read_option(std::string_view option, ResolvConf& conf) {
  const auto value = [&](std::string_view name) {
    return option.starts_with(name) ? parse_number<int>(option.substr(name.size())) : std::nullopt;
  };
  if (const auto seconds = value("timeout:"))
    conf.timeout = std::chrono::seconds(std::clamp(*seconds, 1, 30));
  if (const auto rounds = value("attempts:")) conf.attempts = std::clamp(*rounds, 1, 5);
  if (option == "rotate") conf.rotate = true;
  if (option == "use-vc") conf.tcp = true;
}

std::optional<std::string> contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(most_bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

Result<NameServer> parse_name_server(std::string_view text) {
  const auto place = parse_address_port(text, NameServer{}.port);
  if (!place) return Error{"name server " + place.error()};
  return NameServer{place->address, place->port};
}

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string keyword, word;
    words >> keyword;
    if (keyword == "nameserver" && words >> word) {
      // libc knows no ports here, and a bracket would be an error to it.
      boost::system::error_code trouble;
      const auto address = boost::asio::ip::make_address(word, trouble);
      if (!trouble && conf.servers.size() < most_servers) conf.servers.push_back({address});
    } else if (keyword == "options") {
      while (words >> word) read_option(word, conf);
    }
  }
  if (conf.servers.empty()) conf.servers.push_back({boost::asio::ip::address_v4::loopback()});
  return conf;
}

ResolvConfFile::Print ResolvConfFile::print_of(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_ino), found.st_size, found.st_mtim.tv_sec,
          found.st_mtim.tv_nsec};
}

std::shared_ptr<const ResolvConf> ResolvConfFile::current() {
  std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.now();
  if (current_ && now < looked_ + std::chrono::seconds(1)) return current_;
  looked_ = now;
  // Taken before reading: a file that changes in between is read once more next time.
  const Print print = print_of(path_);
  if (current_ && print == print_) return current_;
  const auto text = contents(path_);
  if (!text && current_) return current_;
  print_ = print;
  current_ = std::make_shared<const ResolvConf>(parse_resolv_conf(text.value_or("")));
  return current_;
}

}  // namespace fallbackmx
