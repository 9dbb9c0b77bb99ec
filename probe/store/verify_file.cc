#include "probe/store/verify_file.h"

#include <sys/stat.h>

#include <array>
#include <ctime>
#include <filesystem>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::size_t path_limit = 300;

std::string broken_name(const std::string& path, const Clock& clock) {
  const std::time_t now = std::chrono::system_clock::to_time_t(clock.wall());
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), ".broken-%Y%m%dT%H%M%SZ", &parts);
  const auto name = path + stamp.data();
  auto free_name = name;
  std::error_code error;
  for (int n = 2; std::filesystem::exists(free_name, error) && n < 100; ++n) {
    free_name = name + '-' + std::to_string(n);
  }
  return free_name;
}

/// The new name. The write-ahead log goes first: it must never be found beside another database.
Result<std::string> set_aside(const std::string& path, const Clock& clock) {
  const auto broken = broken_name(path, clock);
  for (const auto* suffix : {"-wal", "-shm", "-journal", ""}) {
    std::error_code error;
    std::filesystem::rename(path + suffix, broken + suffix, error);
    if (!error || error == std::errc::no_such_file_or_directory) continue;
    return Error{printable(path + suffix, path_limit) + " cannot be set aside: " + error.message()};
  }
  return broken;
}

}  // namespace

std::string verify_file_name(const std::string& path) {
  return "verify database " + printable(path, path_limit);
}

Result<VerifyFile> open_verify_file(const std::string& path, const Clock& clock, Log& log) {
  using Health = SqliteConnection::Health;
  auto opened = AddressTable::open(path);
  if (opened.table) return VerifyFile{*std::move(opened.table)};
  if (opened.health != Health::damaged && opened.health != Health::unusable)
    return Error{verify_file_name(path) + ": " + printable(opened.why_not)};
  return replace_verify_file(path, opened.why_not, clock, log);
}

Result<VerifyFile> replace_verify_file(const std::string& path, const std::string& damage, const Clock& clock,
                                       Log& log) {
  const auto trouble = verify_file_name(path) + ": " + printable(damage);
  const auto broken = set_aside(path, clock);
  if (!broken) return Error{trouble + "; " + broken.error()};
  log.warning(trouble + "; set aside as " + printable(*broken, path_limit) + ", a new one is begun");
  auto opened = AddressTable::open(path);
  if (opened.table) return VerifyFile{*std::move(opened.table), true};
  return Error{verify_file_name(path) + ": " + printable(opened.why_not)};
}

FileIdentity FileIdentity::of(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

}  // namespace fallbackmx
