#pragma once

#include <utility>  // before asio: Boost 1.74 forgets it

#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>

#include "apis/machinery/base/mutex.h"

namespace gantry::apiserver {

// Counts the connections of each address; those of an IPv6 network of 64 bits count as one, since
// whoever has an address there has all of them. Thread-safe.
class AddressBound : public std::enable_shared_from_this<AddressBound> {
 public:
  // `limit` for each address, `loopback_limit` for this machine's; 0: none.
  AddressBound(size_t limit, size_t loopback_limit)
      : limit_(limit), loopback_limit_(loopback_limit) {}

  // A place, which the connection keeps for as long as it lives; null when its address has all it
  // may have.
  std::shared_ptr<void> Enter(const boost::asio::ip::address& address);

 private:
  class Place;
  void Leave(const boost::asio::ip::address& key);

  const size_t limit_;
  const size_t loopback_limit_;
  Mutex mu_;
  std::map<boost::asio::ip::address, size_t> counts_ GUARDED_BY(mu_);
};

}  // namespace gantry::apiserver
