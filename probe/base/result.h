// A value, or a sentence that says why there is none.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace fallbackmx {

/// Why something could not be done: one sentence for the log, naming who, where and what to do.
struct Error {
  std::string text;
};

/// The outcome of something that can fail for reasons outside the program. Remote outcomes are values,
/// never exceptions.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::move(value)) {}
  Result(Error error) : content_(std::move(error)) {}

  explicit operator bool() const { return content_.index() == 0; }
  const T& operator*() const& { return std::get<0>(content_); }
  T& operator*() & { return std::get<0>(content_); }
  T&& operator*() && { return std::get<0>(std::move(content_)); }
  const T* operator->() const { return &std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const std::string& error() const { return std::get<1>(content_).text; }

 private:
  std::variant<T, Error> content_;
};

}  // namespace fallbackmx
