#include "apiserver/http/address_bound.h"

#include <algorithm>

namespace gantry::apiserver {
namespace {

namespace ip = boost::asio::ip;

constexpr size_t kNetworkBytes = 8;

// What counts as one.
ip::address KeyOf(const ip::address& address) {
  if (!address.is_v6()) return address;
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  if (v6.is_loopback()) return address;
  ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), 0);
  return ip::address_v6(bytes);
}

}  // namespace

class AddressBound::Place {
 public:
  Place(std::shared_ptr<AddressBound> bound, ip::address key)
      : bound_(std::move(bound)), key_(std::move(key)) {}
  ~Place() { bound_->Leave(key_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<AddressBound> bound_;
  const ip::address key_;
};

std::shared_ptr<void> AddressBound::Enter(const ip::address& address) {
  const ip::address key = KeyOf(address);
  const size_t limit = key.is_loopback() ? loopback_limit_ : limit_;
  {
    MutexLock lock(&mu_);
    size_t& count = counts_[key];
    if (limit != 0 && count >= limit) return nullptr;
    ++count;
  }
  return std::make_shared<Place>(shared_from_this(), key);
}

void AddressBound::Leave(const ip::address& key) {
  MutexLock lock(&mu_);
  const auto it = counts_.find(key);
  if (--it->second == 0) counts_.erase(it);
}

}  // namespace gantry::apiserver
