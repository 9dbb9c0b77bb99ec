#include "probe/mail/host_name.h"

#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "probe/base/text.h"

namespace fallbackmx {

namespace {

bool valid_label(std::string_view label) {
  if (label.empty() || label.size() > 63) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

/// What the resolver has for `name`, or empty. Takes as long as resolv.conf allows, which may be half a
/// minute.
std::string canonical_name(const std::string& name) {
  addrinfo hints{};
  hints.ai_flags = AI_CANONNAME;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  std::string canonical = found->ai_canonname == nullptr ? "" : found->ai_canonname;
  if (canonical.ends_with('.')) canonical.pop_back();
  return canonical;
}

/// canonical_name() for two seconds; after that the question is left to end by itself. Its thread takes no
/// signals: they belong to main.
std::string canonical_name_in_time(const std::string& name) {
  auto answer = std::make_shared<std::promise<std::string>>();
  auto future = answer->get_future();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([answer, name] { answer->set_value(canonical_name(name)); }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return {};
  return future.get();
}

std::string short_host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

bool valid_hostname(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  if (std::all_of(name.begin(), name.end(), [](char c) { return is_digit(c) || c == '.'; })) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!valid_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

std::string host_name() {
  auto name = short_host_name();
  if (name.find('.') != std::string::npos) return name;

  static std::mutex mutex;
  static std::string asked, answer;
  const std::lock_guard lock(mutex);
  if (asked != name) {
    const auto canonical = canonical_name_in_time(name);
    answer = canonical.find('.') == std::string::npos ? name : canonical;
    asked = name;
  }
  return answer;
}

}  // namespace fallbackmx
