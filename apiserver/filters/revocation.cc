#include "apiserver/filters/revocation.h"

#include <atomic>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/log.h"
#include "apiserver/filters/filters.h"
#include "apiserver/filters/impersonation.h"
#include "apiserver/http/url.h"
#include "apiserver/storage/ready_signal.h"

namespace gantry::apiserver {

namespace {

constexpr char kAuthorization[] = "Authorization";
constexpr std::string_view kImpersonate = "Impersonate-";

bool SaysWho(std::string_view header) {
  return EqualsIgnoreCase(header, kAuthorization) ||
         EqualsIgnoreCase(header.substr(0, kImpersonate.size()), kImpersonate);
}

}  // namespace

struct Revocations::Followed {
  explicit Followed(const Request& request)
      : id(request.id),
        user(request.user),
        impersonator(request.impersonator),
        info(request.info),
        path(request.path) {
    credentials.in_process = request.in_process;
    credentials.peer_common_name = request.peer_common_name;
    credentials.peer_organizations = request.peer_organizations;
    credentials.peer_not_after = request.peer_not_after;
    for (const auto& [name, value] : request.headers.all()) {
      if (SaysWho(name)) credentials.headers.Add(name, value);
    }
  }

  void Cut() {
    if (cut.exchange(true)) return;
    ready.Fire();
    std::shared_ptr<WebSocketPeer> to_close;
    {
      MutexLock lock(&mu);
      to_close = peer;
    }
    if (to_close) to_close->Close();
  }

  const std::string id;
  const User user;
  const std::optional<User> impersonator;
  const RequestInfo info;
  const std::string path;
  Request credentials;  // what of the request says who sent it; constant after construction
  std::atomic<bool> cut{false};
  ReadySignal ready;  // of a stream
  Mutex mu;
  std::shared_ptr<WebSocketPeer> peer GUARDED_BY(mu);
};

struct Revocations::All {
  using Place = std::list<std::shared_ptr<Followed>>::iterator;

  Place Enter(std::shared_ptr<Followed> followed) {
    MutexLock lock(&mu);
    return list.insert(list.end(), std::move(followed));
  }
  void Leave(Place place) {
    std::list<std::shared_ptr<Followed>> gone;  // dies without the lock
    MutexLock lock(&mu);
    gone.splice(gone.end(), list, place);
  }
  std::vector<std::shared_ptr<Followed>> Copy() {
    MutexLock lock(&mu);
    return {list.begin(), list.end()};
  }

  Mutex mu;
  std::list<std::shared_ptr<Followed>> list GUARDED_BY(mu);
};

class Revocations::Stream : public BodyStream {
 public:
  Stream(std::unique_ptr<BodyStream> inner, std::shared_ptr<Followed> followed,
         std::shared_ptr<All> all)
      : inner_(std::move(inner)),
        followed_(std::move(followed)),
        all_(std::move(all)),
        place_(all_->Enter(followed_)) {}
  ~Stream() override {
    all_->Leave(place_);
    inner_.reset();
    followed_->ready.Disarm();
  }

  State Pull(std::string* out, size_t max) override {
    return followed_->cut ? State::kEnd : inner_->Pull(out, max);
  }
  void OnReady(std::function<void()> wake) override {
    if (!wake) {
      inner_->OnReady(nullptr);
      followed_->ready.Disarm();
      return;
    }
    followed_->ready.Arm(std::move(wake));
    inner_->OnReady([followed = followed_] { followed->ready.Fire(); });
    if (followed_->cut) followed_->ready.Fire();
  }

 private:
  std::unique_ptr<BodyStream> inner_;
  const std::shared_ptr<Followed> followed_;
  const std::shared_ptr<All> all_;
  const All::Place place_;
};

class Revocations::Socket : public WebSocketHandler {
 public:
  Socket(std::shared_ptr<WebSocketHandler> inner, std::shared_ptr<Followed> followed,
         std::shared_ptr<All> all)
      : inner_(std::move(inner)),
        followed_(std::move(followed)),
        all_(std::move(all)),
        place_(all_->Enter(followed_)) {}
  ~Socket() override { all_->Leave(place_); }

  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override {
    {
      MutexLock lock(&followed_->mu);
      followed_->peer = peer;
    }
    inner_->OnOpen(peer);
    if (followed_->cut) peer->Close();
  }
  void OnMessage(std::string_view frame, bool binary) override {
    if (!followed_->cut) inner_->OnMessage(frame, binary);
  }
  void OnClose() override {
    {
      MutexLock lock(&followed_->mu);
      followed_->peer = nullptr;
    }
    inner_->OnClose();
  }

 private:
  const std::shared_ptr<WebSocketHandler> inner_;
  const std::shared_ptr<Followed> followed_;
  const std::shared_ptr<All> all_;
  const All::Place place_;
};

Revocations::Revocations(const Authenticator* authenticator, const Authorizer* authorizer,
                         std::function<uint64_t()> generation, Duration period)
    : authenticator_(authenticator),
      authorizer_(authorizer),
      generation_(std::move(generation)),
      period_(period),
      all_(std::make_shared<All>()),
      thread_([this] { Run(); }) {}

Revocations::~Revocations() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
    changed_.SignalAll();
  }
  thread_.join();
}

void Revocations::Follow(const Request& request, Response* response) {
  const auto followed = std::make_shared<Followed>(request);
  if (response->stream) {
    response->stream = std::make_unique<Stream>(std::move(response->stream), followed, all_);
  } else {
    response->websocket = std::make_shared<Socket>(std::move(response->websocket), followed, all_);
  }
  // The policy may have changed between the filter's question and the line above.
  Ask(followed.get());
}

void Revocations::Ask(Followed* followed) const {
  if (followed->cut) return;
  const bool known =
      followed->credentials.in_process || !authenticator_->IsWithdrawn(followed->credentials);
  const bool impersonates =
      !followed->impersonator || Impersonated(*authorizer_, *followed->impersonator,
                                              followed->credentials.headers, followed->path)
                                     .ok();
  if (known && impersonates &&
      authorizer_->Allowed({followed->user, followed->info, followed->path})) {
    return;
  }
  LOG_INFO(known ? "stream ended: its user may not have it any more"
                 : "stream ended: the credentials of its user were taken back",
           {"id", followed->id}, {"user", followed->user.name}, {"verb", followed->info.verb},
           {"resource", followed->info.resource});
  followed->Cut();
}

void Revocations::Run() {
  const Clock* const clock = Clock::Real();
  uint64_t seen = 0;
  while (true) {
    {
      const MonoTime until = clock->Mono() + period_;
      MutexLock lock(&mu_);
      while (!stopping_ && changed_.WaitUntil(&mu_, until)) {
      }
      if (stopping_) return;
    }
    const uint64_t now = generation_();
    if (now == seen) continue;
    seen = now;
    for (const auto& followed : all_->Copy()) Ask(followed.get());
  }
}

namespace {

Task<Response> FollowAnswer(Request& request, const Handler& next, Revocations* revocations) {
  Response response = co_await next(request);
  if (response.stream || response.websocket) revocations->Follow(request, &response);
  co_return response;
}

}  // namespace

Handler WithRevocation(Handler next, Revocations* revocations) {
  return [next = std::move(next), revocations](Request& request) {
    // Nothing takes a certificate back, and nothing a right of its masters.
    const bool for_ever = IsMaster(request.user) && !request.impersonator &&
                          request.headers.Get(kAuthorization).empty();
    if (!IsLongRunning(request.info) || for_ever) return next(request);
    return FollowAnswer(request, next, revocations);
  };
}

}  // namespace gantry::apiserver
