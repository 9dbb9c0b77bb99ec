// A coroutine that gives its result to the one that awaits it.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace fallbackmx {

template <class Value>
class Task;

namespace task_parts {

/// At its end a coroutine hands over to the one that awaits it.
struct HandOver {
  bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    return ended.promise().awaited_by;
  }
  void await_resume() noexcept {}
};

struct PromiseBase {
  std::suspend_always initial_suspend() noexcept { return {}; }
  HandOver final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { trouble = std::current_exception(); }

  std::coroutine_handle<> awaited_by = std::noop_coroutine();
  std::exception_ptr trouble;
};

template <class Value>
struct Promise : PromiseBase {
  Task<Value> get_return_object() noexcept;
  void return_value(Value value) { result.emplace(std::move(value)); }
  Value take() {
    if (trouble) std::rethrow_exception(trouble);
    return *std::move(result);
  }
  std::optional<Value> result;
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void take() const {
    if (trouble) std::rethrow_exception(trouble);
  }
};

}  // namespace task_parts

/// Begins when it is awaited, by one coroutine, once. What ends it with an exception is thrown there. Who
/// destroys it before its end destroys what the coroutine holds.
template <class Value = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_parts::Promise<Value>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaited_by) noexcept {
    handle_.promise().awaited_by = awaited_by;
    return handle_;
  }
  Value await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

namespace task_parts {

template <class Value>
Task<Value> Promise<Value>::get_return_object() noexcept {
  return Task<Value>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace task_parts

}  // namespace fallbackmx
