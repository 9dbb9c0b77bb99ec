#include "test/fuzz/milter_session.h"

#include <netinet/in.h>

#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <vector>

#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

/// NUL-terminated, with a null pointer behind the last.
class Arguments {
 public:
  explicit Arguments(std::string_view line) {
    do words_.emplace_back(take_word(line));
    while (!line.empty());
    for (auto& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

/// A name that may not be there.
class Name {
 public:
  explicit Name(std::string_view text) : text_(text), none_(text.empty() || text == "-") {}
  char* get() { return none_ ? nullptr : text_.data(); }

 private:
  std::string text_;
  bool none_;
};

/// The client's address, or none.
class Peer {
 public:
  explicit Peer(std::string_view text) {
    boost::system::error_code none;
    const auto address = boost::asio::ip::make_address(std::string(text), none);
    if (!none && address.is_v6()) {
      any_.in6.sin6_family = AF_INET6;
      const auto bytes = address.to_v6().to_bytes();
      std::memcpy(&any_.in6.sin6_addr, bytes.data(), bytes.size());
    } else if (!none) {
      any_.in4.sin_family = AF_INET;
      any_.in4.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    } else if (text == "unix") {
      any_.in4.sin_family = AF_UNIX;
    } else {
      known_ = false;
    }
  }
  sockaddr* get() { return known_ ? reinterpret_cast<sockaddr*>(&any_) : nullptr; }

 private:
  union {
    sockaddr_in6 in6{};
    sockaddr_in in4;
  } any_;
  bool known_ = true;
};

const smfiDesc& callbacks() { return registered_callbacks(); }

}  // namespace

MilterSession::~MilterSession() {
  if (session_.private_data != nullptr) callbacks().xxfi_close(&session_);
}

SMFICTX* MilterSession::begin() {
  session_.reply.reset();
  return &session_;
}

MilterSession::Answer MilterSession::answered(sfsistat status) const {
  if (session_.broken != nullptr) require(false, session_.broken);
  return {status, session_.reply};
}

MilterSession::Answer MilterSession::negotiate(unsigned long offered) {
  unsigned long actions = 0, protocol = 0, more = 0, most = 0;
  session_.negotiating = true;
  const auto status =
      callbacks().xxfi_negotiate(begin(), offered, offered, 0, 0, &actions, &protocol, &more, &most);
  session_.negotiating = false;
  require((actions & ~offered) == 0 && (protocol & ~offered) == 0,
          "nothing is asked for that is not offered");
  return answered(status);
}

MilterSession::Answer MilterSession::connect(std::string_view name, std::string_view address) {
  Name host(name);
  Peer peer(address);
  return answered(callbacks().xxfi_connect(begin(), host.get(), peer.get()));
}

MilterSession::Answer MilterSession::helo(std::string_view name) {
  Name host(name);
  return answered(callbacks().xxfi_helo(begin(), host.get()));
}

MilterSession::Answer MilterSession::from(std::string_view line) {
  Arguments arguments(line);
  return answered(callbacks().xxfi_envfrom(begin(), arguments.get()));
}

MilterSession::Answer MilterSession::rcpt(std::string_view line) {
  Arguments arguments(line);
  return answered(callbacks().xxfi_envrcpt(begin(), arguments.get()));
}

MilterSession::Answer MilterSession::end_of_message() {
  session_.at_end = true;
  const auto status = callbacks().xxfi_eom(begin());
  session_.at_end = false;
  return answered(status);
}

MilterSession::Answer MilterSession::abort() {
  return callbacks().xxfi_abort == nullptr ? Answer() : answered(callbacks().xxfi_abort(begin()));
}

MilterSession::Answer MilterSession::close() {
  const auto answer = answered(callbacks().xxfi_close(begin()));
  require(session_.private_data == nullptr, "nothing of a session is left when it is closed");
  return answer;
}

void MilterSession::set_macro(std::string_view name, std::string_view value) {
  if (value.empty()) {
    session_.macros.erase(std::string(name));
  } else {
    session_.macros[std::string(name)] = std::string(value).c_str();  // ends at a NUL, as libmilter's do
  }
}

}  // namespace fallbackmx::fuzz
