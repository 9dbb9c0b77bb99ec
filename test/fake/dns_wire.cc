#include "test/fake/dns_wire.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <map>
#include <sstream>
#include <stdexcept>

#include "test/fake/words.h"

namespace fallbackmx {

namespace {

const std::map<std::string, int> type_numbers = {{"A", 1},   {"NS", 2},    {"CNAME", 5}, {"SOA", 6},
                                                 {"MX", 15}, {"AAAA", 28}, {"TLSA", 52}};
constexpr int type_opt = 41;

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

void put32(std::string& out, unsigned value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}

int get16(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) * 256 + static_cast<unsigned char>(bytes[at + 1]);
}

void put_name(std::string& out, std::string_view name) {
  std::string label;
  const auto end_label = [&] {
    if (label.empty()) return;
    out += static_cast<char>(label.size());
    out += label;
    label.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '.') {
      end_label();
    } else if (name[i] == '\\') {
      label += static_cast<char>(std::stoi(std::string(name.substr(i + 1, 3))));
      i += 3;
    } else {
      label += name[i];
    }
  }
  end_label();
  out += '\0';
}

template <class Bytes>
void put_bytes(std::string& out, const Bytes& bytes) {
  for (const auto byte : bytes) out += static_cast<char>(byte);
}

std::string record_data(const std::string& type, std::istringstream& in) {
  std::string out, word;
  if (type == "SOA") {
    unsigned minimum = 0;
    in >> minimum;
    out += std::string(2, '\0');
    for (const unsigned number : {1u, 2u, 3u, 4u, minimum}) put32(out, number);
    return out;
  }
  if (type == "MX") {
    unsigned preference = 0;
    in >> preference;
    put16(out, preference);
  }
  if (type == "TLSA") {
    for (int i = 0, octet; i < 3 && in >> octet; ++i) out += static_cast<char>(octet);
  }
  if (!(in >> word)) throw std::invalid_argument("no data");
  if (type == "A") {
    put_bytes(out, boost::asio::ip::make_address_v4(word).to_bytes());
  } else if (type == "AAAA") {
    put_bytes(out, boost::asio::ip::make_address_v6(word).to_bytes());
  } else if (type == "TLSA" || type == "RAW") {
    const auto bytes = read_hex(word);
    if (!bytes) throw std::invalid_argument("not hexadecimal: " + word);
    out += *bytes;
  } else {
    put_name(out, word);
  }
  return out;
}

void put_record(std::string& out, const std::string& line) {
  std::istringstream in(line);
  std::string name, word;
  in >> name >> word;
  unsigned ttl = 300, record_class = 1;
  if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    ttl = static_cast<unsigned>(std::stoul(word));
    in >> word;
  }
  if (word == "CH") {
    record_class = 3;
    in >> word;
  }
  int number = 0;
  if (word == "RAW") {
    in >> number;
  } else if (const auto known = type_numbers.find(word); known != type_numbers.end()) {
    number = known->second;
  } else {
    throw std::invalid_argument("zone line \"" + line + "\"");
  }
  put_name(out, name);
  put16(out, static_cast<unsigned>(number));
  put16(out, record_class);
  put32(out, ttl);
  const std::string data = record_data(word, in);
  put16(out, static_cast<unsigned>(data.size()));
  out += data;
}

}  // namespace

std::string WirePacket::bytes() const {
  std::string out;
  put16(out, id);
  const int flags = (reply ? 0x8000 : 0) | opcode << 11 | (aa ? 0x0400 : 0) | (tc ? 0x0200 : 0) | 0x0100 |
                    (ra ? 0x0080 : 0) | (ad ? 0x0020 : 0) | (rcode & 0xf);
  put16(out, static_cast<unsigned>(flags));
  put16(out, question.empty() ? 0 : 1);
  put16(out, static_cast<unsigned>(answer.size()));
  put16(out, static_cast<unsigned>(authority.size()));
  put16(out, edns ? 1 : 0);
  if (!question.empty()) {
    const auto space = question.find(' ');
    put_name(out, question.substr(0, space));
    put16(out, static_cast<unsigned>(type_numbers.at(question.substr(space + 1))));
    put16(out, 1);
  }
  for (const auto& line : answer) put_record(out, line);
  for (const auto& line : authority) put_record(out, line);
  if (edns) {
    out += '\0';
    put16(out, type_opt);
    put16(out, 1232);
    put32(out, static_cast<unsigned>(rcode >> 4) << 24);
    put16(out, 0);
  }
  return out;
}

std::optional<WirePacket> read_query(std::string_view bytes) {
  if (bytes.size() < 17 || get16(bytes, 4) != 1) return std::nullopt;
  WirePacket query;
  query.id = static_cast<std::uint16_t>(get16(bytes, 0));
  query.reply = (get16(bytes, 2) & 0x8000) != 0;
  query.ad = (get16(bytes, 2) & 0x0020) != 0;
  query.edns = get16(bytes, 10) > 0;
  std::size_t at = 12;
  while (at < bytes.size() && bytes[at] != 0) {
    const auto length = static_cast<unsigned char>(bytes[at]);
    if (!query.question.empty()) query.question += '.';
    query.question += bytes.substr(at + 1, length);
    at += 1u + length;
  }
  if (at + 5 > bytes.size()) return std::nullopt;
  const int number = get16(bytes, at + 1);
  for (const auto& [name, known] : type_numbers) {
    if (known == number) query.question += " " + name;
  }
  return query;
}

}  // namespace fallbackmx
