#include "probe/base/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fallbackmx {

namespace {

/// A file descriptor that closes itself.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error unreadable(const std::string& path, int why) {
  return {fmt::format("cannot read {}: {}", path, std::strerror(why))};
}

TextLines split_lines(std::string_view text, bool continuation) {
  TextLines out;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  bool broken = false;  // the logical line we are in has an error: swallow its continuation without another
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);

    if (const auto wrong = control_character_in(line); !wrong.empty()) {
      out.errors.push_back({number, wrong + "; is this a text file?"});
      broken = true;
      continue;
    }
    const auto first = line.find_first_not_of(white_space);
    if (first == std::string_view::npos || line[first] == '#') continue;
    if (!continuation || first == 0) {
      out.lines.push_back({std::string(line), number});
      broken = false;
    } else if (broken) {
      continue;
    } else if (out.lines.empty()) {
      out.errors.push_back({number, "begins with white space, but there is no line before it to continue"});
      broken = true;
    } else {
      out.lines.back().text += line;
    }
  }
  return out;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t limit) {
  const OpenFile file(path);
  if (file.fd() < 0) return unreadable(path, errno);
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) return unreadable(path, errno);
  if (S_ISDIR(about.st_mode)) return unreadable(path, EISDIR);

  std::string text;
  char piece[16384];
  for (;;) {
    const auto got = ::read(file.fd(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > limit) {
      return Error{fmt::format("cannot read {}: it is longer than {} bytes", path, limit)};
    }
  }
}

TextLines logical_lines(std::string_view text) { return split_lines(text, true); }

TextLines plain_lines(std::string_view text) { return split_lines(text, false); }

std::string control_character_in(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < ' ' && c != '\t') || byte == 0x7f) {
      return fmt::format("control character 0x{:02x}", byte);
    }
  }
  return {};
}

}  // namespace fallbackmx
