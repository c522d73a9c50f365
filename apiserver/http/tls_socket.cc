#include "apiserver/http/tls_socket.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>

namespace gantry::apiserver {
namespace {

std::string Utf8(const X509_NAME_ENTRY* entry) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::vector<std::string> Entries(const X509_NAME* name, int nid) {
  std::vector<std::string> out;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    out.push_back(Utf8(X509_NAME_get_entry(name, at)));
  }
  return out;
}

// When the first certificate of a chain ends.
WallTime EndOf(const STACK_OF(X509) * chain) {
  WallTime end = WallTime::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    std::tm until{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(chain, i)), &until) != 1) return {};
    // A WallTime counts nanoseconds and ends in 2262.
    if (until.tm_year >= 362) continue;
    end = std::min(end, std::chrono::system_clock::from_time_t(timegm(&until)));
  }
  return end;
}

}  // namespace

TlsSocket::TlsSocket(Socket socket, std::shared_ptr<const TlsContext> context)
    : socket_(std::move(socket)),
      context_(std::move(context)),
      ssl_(SSL_new(context_->get())),
      reviewed_(context_->serial()) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  SSL_set_fd(ssl_, socket_.native_handle());
  SSL_set_accept_state(ssl_);
}

TlsSocket::~TlsSocket() { SSL_free(ssl_); }

Io TlsSocket::Classify(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return Io::kDone;
    case SSL_ERROR_WANT_READ: return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE: return Io::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return Io::kClosed;
    default: ERR_clear_error(); return Io::kFailed;
  }
}

Io TlsSocket::Handshake() {
  const Io state = Classify(SSL_accept(ssl_));
  if (state == Io::kDone) ReadSubject();
  return state;
}

Io TlsSocket::Read(char* into, size_t size, size_t* got) {
  *got = 0;
  const int result = SSL_read_ex(ssl_, into, size, got);
  if (stats_ != nullptr) stats_->Received(*got);
  return result == 1 ? Io::kDone : Classify(result);
}

Io TlsSocket::Write(std::string_view bytes, size_t* put) {
  *put = 0;
  while (*put < bytes.size()) {
    size_t some = 0;
    const int result = SSL_write_ex(ssl_, bytes.data() + *put, bytes.size() - *put, &some);
    if (result != 1) return Classify(result);
    *put += some;
    if (stats_ != nullptr) stats_->Sent(some);
  }
  return Io::kDone;
}

Io TlsSocket::Peek() {
  char byte;
  size_t got = 0;
  const int result = SSL_peek_ex(ssl_, &byte, 1, &got);
  return result == 1 ? Io::kDone : Classify(result);
}

bool TlsSocket::HasBuffered() const { return SSL_has_pending(ssl_) == 1; }

void TlsSocket::ShutdownWrite() {
  if (SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
  ERR_clear_error();
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

void TlsSocket::Abort() {
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_both, ignored);
}

std::string TlsSocket::protocol() const { return SSL_get_version(ssl_); }

void TlsSocket::ReadSubject() {
  X509* peer = SSL_get0_peer_certificate(ssl_);
  if (peer == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return;
  const X509_NAME* subject = X509_get_subject_name(peer);
  if (auto names = Entries(subject, NID_commonName); !names.empty()) common_name_ = names.back();
  organizations_ = Entries(subject, NID_organizationName);
  identity_end_ = EndOf(SSL_get0_verified_chain(ssl_));
}

void TlsSocket::ReviewIdentity(const TlsSource& source) {
  if (common_name_.empty()) return;
  bool holds = Clock::Real()->Now() < identity_end_;
  if (const uint64_t serial = source.serial(); holds && serial != reviewed_) {
    const std::shared_ptr<const TlsContext> now = source.Get();
    holds = now->Trusts(ssl_);
    reviewed_ = now->serial();
  }
  if (holds) return;
  common_name_.clear();
  organizations_.clear();
}

}  // namespace gantry::apiserver
