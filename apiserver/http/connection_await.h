#pragma once

#include <boost/asio/post.hpp>
#include <coroutine>

#include "apiserver/http/connection.h"

namespace gantry::apiserver {

struct Connection::Yield {
  Shard* shard;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) const {
    boost::asio::post(shard->io(), [h] { h.resume(); });
  }
  void await_resume() const {}
};

}  // namespace gantry::apiserver
