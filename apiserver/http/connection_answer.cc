// How a Connection writes answers: see connection.h.
#include <algorithm>

#include "apiserver/http/connection.h"
#include "apiserver/http/connection_await.h"
#include "apiserver/http/gzip.h"
#include "apiserver/http/metrics.h"
#include "apiserver/http/response_head.h"
#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kRecord = 16 * 1024;      // a TLS record's content
constexpr size_t kPiece = 32 * 1024 - 64;  // of a stream: two records with the chunk's frame
constexpr uint32_t kPiecesATurn = 8;
constexpr size_t kScratchAtMost = 256 * 1024;

}  // namespace

bool Connection::AcceptsGzip(const Request& request, const Response& response) const {
  return !response.long_running && HasToken(request.headers.Get("Accept-Encoding"), "gzip") &&
         response.headers.Get("Content-Encoding").empty();
}

bool Connection::AnswerPlain(const Request& request, Response& response, bool keep_alive,
                             std::string* head, std::string_view* body) {
  *body = response.shared_body ? *response.shared_body : response.body;
  HeadOptions options;
  options.keep_alive = keep_alive;
  options.date = shard_->date();
  if (body->size() > kGzipThreshold && AcceptsGzip(request, response)) {
    options.gzip = true;
    std::string packed;
    Gzip().Add(*body, true, &packed);
    response.body = std::move(packed);
    response.shared_body.reset();
    *body = response.body;
  }
  options.length = body->size();
  std::string& out = shard_->write_buffer();
  out.clear();
  AppendHead(response, options, &out);
  if (request.method == "HEAD" || response.status == 204 || response.status == 304) *body = {};
  // Head and body leave together in one record, or the body's start fills the head's record.
  const size_t room = kRecord - std::min(out.size(), kRecord);
  const size_t first = std::min(room, body->size());
  out.append(body->substr(0, first));
  body->remove_prefix(first);
  std::string_view rest = out;
  if (!WriteNow(&rest)) return false;
  head->assign(rest);
  return true;
}

Task<bool> Connection::AnswerStream(Request& request, Response& response, bool http_1_0,
                                    bool keep_alive) {
  BodyStream& stream = *response.stream;
  const bool may_gzip = AcceptsGzip(request, response);
  std::string first;
  BodyStream::State state = stream.Pull(&first, kPiece);
  while (may_gzip && state == BodyStream::State::kMore && first.size() <= kGzipThreshold) {
    state = stream.Pull(&first, kPiece);
  }
  keep_alive = keep_alive && !shard_->stopping();
  if (state == BodyStream::State::kEnd) {  // a short one: its length is known
    response.body = std::move(first);
    std::string head;
    std::string_view body;
    bool ok = AnswerPlain(request, response, keep_alive, &head, &body);
    if (ok && !head.empty()) ok = co_await WriteRest(head);
    if (ok && !body.empty()) ok = co_await WriteRest(body);
    co_return ok&& keep_alive;
  }

  HeadOptions options;
  options.framing = http_1_0 ? Framing::kUntilClose : Framing::kChunked;
  options.keep_alive = keep_alive = keep_alive && !http_1_0;
  const SharedBounds::Compressor compressor(shard_->bounds(),
                                            may_gzip && first.size() > kGzipThreshold);
  options.gzip = static_cast<bool>(compressor);
  options.date = shard_->date();
  std::unique_ptr<Gzip> gzip = options.gzip ? std::make_unique<Gzip>() : nullptr;
  std::string raw;
  shard_->write_buffer().clear();
  AppendHead(response, options, &shard_->write_buffer());
  if (request.method == "HEAD") {
    const bool written = co_await WriteScratch();
    co_return written&& keep_alive;
  }
  raw.swap(first);
  bool pulled = true;  // the first time the piece is there already

  for (uint32_t in_turn = 1;; ++in_turn) {
    std::string& out = shard_->write_buffer();
    const size_t begin = http_1_0 ? 0 : BeginChunk(&out);
    if (!pulled && gzip == nullptr) {
      state = stream.Pull(&out, kPiece);
    } else {
      if (!pulled) state = stream.Pull(&raw, kPiece);
      if (gzip != nullptr) {
        gzip->Add(raw, state == BodyStream::State::kEnd, &out);
      } else {
        out.append(raw);
      }
      raw.clear();
    }
    if (std::exchange(pulled, false) && gzip == nullptr) std::string().swap(raw);
    if (!http_1_0) {
      EndChunk(begin, &out);
      if (state == BodyStream::State::kEnd) out.append(kLastChunk);
    }
    if (!out.empty()) {
      const bool written = co_await WriteScratch();
      if (!written) co_return false;
    }
    if (state == BodyStream::State::kEnd) co_return keep_alive;
    if (state == BodyStream::State::kPending) {
      const MonoTime written = Clock::Real()->Mono();
      const bool more = co_await AwaitStream(&stream, response.long_running, written);
      if (!more) {
        stream.OnReady(nullptr);
        if (!broken_ && !http_1_0) co_await WriteRest(kLastChunk);
        co_return false;
      }
    } else if (in_turn % kPiecesATurn == 0) {
      co_await Yield{this};
    }
    shard_->write_buffer().clear();
  }
}

Task<bool> Connection::AwaitStream(BodyStream* stream, bool long_running, MonoTime last_write) {
  events_ &= ~static_cast<uint32_t>(kStreamReady | kFlushDue);
  stream->OnReady([this] { shard_->StreamReady(Self()); });
  uint32_t look = kReadable;
  if (long_running) look |= kStopping;
  Event goal = kStreamReady;
  while (true) {
    const uint32_t fired = co_await Wait(look | goal);
    if (fired & kStopping) co_return false;
    if ((fired & kReadable) && !StillThere(&look)) co_return false;
    if ((fired & goal) == 0) continue;
    if (goal == kFlushDue || !long_running) co_return true;
    const Duration since = Clock::Real()->Mono() - last_write;
    if (since >= shard_->options().coalesce) co_return true;
    goal = kFlushDue;
    shard_->FlushLater(Self());
  }
}

bool Connection::WriteNow(std::string_view* bytes) {
  size_t put = 0;
  const Io io = tls_.Write(*bytes, &put);
  bytes->remove_prefix(put);
  broken_ = broken_ || (io != Io::kDone && io != Io::kWantWrite);
  return !broken_;
}

Task<bool> Connection::WriteRest(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!WriteNow(&bytes)) co_return false;
    if (bytes.empty()) break;
    SetTimeout(shard_->options().write_timeout);
    const uint32_t fired = co_await Wait(kWritable | kExpired);
    if ((fired & kExpired) != 0) {
      EndedConnections().slow.Increment();
      broken_ = true;
    }
    if (broken_) co_return false;
  }
  ClearTimeout();
  co_return true;
}

Task<bool> Connection::WriteScratch() {
  std::string& scratch = shard_->write_buffer();
  std::string_view rest = scratch;
  if (!WriteNow(&rest)) co_return false;
  const std::string copy(rest);
  if (scratch.capacity() > kScratchAtMost) std::string().swap(scratch);
  if (copy.empty()) co_return true;
  co_return co_await WriteRest(copy);
}

}  // namespace gantry::apiserver
