#pragma once

#include <coroutine>

#include "apiserver/http/connection.h"

namespace gantry::apiserver {

struct Connection::Yield {
  Connection* c;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) const {
    c->shard_->InTurn(c->user_, [h] { h.resume(); });
  }
  void await_resume() const {}
};

}  // namespace gantry::apiserver
