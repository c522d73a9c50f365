#include "tests/apis/machinery/http/tls_server.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <list>

namespace gantry::http {
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

std::string Text(const std::function<void(BIO*)>& write) {
  BIO* out = BIO_new(BIO_s_mem());
  write(out);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string text(data, size);
  BIO_free(out);
  return text;
}

void Extend(X509* certificate, int nid, const char* value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

Identity MakeIdentity(const std::string& common_name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* c = X509_new();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
  X509_gmtime_adj(X509_getm_notBefore(c), -60);
  X509_gmtime_adj(X509_getm_notAfter(c), 3600);
  X509_set_pubkey(c, key);
  X509_NAME* name = X509_get_subject_name(c);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(c, name);
  Extend(c, NID_basic_constraints, "critical,CA:TRUE");
  Extend(c, NID_subject_alt_name, "IP:127.0.0.1,DNS:gantry.test");
  X509_sign(c, key, EVP_sha256());
  Identity out;
  out.certificate = Text([&](BIO* b) { PEM_write_bio_X509(b, c); });
  out.key = Text(
      [&](BIO* b) { PEM_write_bio_PrivateKey(b, key, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(c);
  EVP_PKEY_free(key);
  return out;
}

std::string TlsServer::Request::Header(const std::string& name) const {
  for (const auto& h : headers) {
    if (beast::iequals(h.first, name)) return h.second;
  }
  return "";
}

struct TlsServer::Impl {
  asio::io_context io;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
  Mutex mu;
  std::list<tcp::socket> sockets GUARDED_BY(mu);
  std::vector<std::thread> threads GUARDED_BY(mu);
  bool stopping GUARDED_BY(mu) = false;
};

TlsServer::TlsServer(const Identity& identity, Handler handler, bool plain)
    : impl_(std::make_unique<Impl>()), handler_(std::move(handler)), plain_(plain) {
  impl_->tls.use_certificate_chain(asio::buffer(identity.certificate));
  impl_->tls.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  impl_->tls.set_verify_mode(asio::ssl::verify_peer);
  impl_->tls.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
  acceptor_ = std::thread([this] { Accept(); });
}

TlsServer::~TlsServer() {
  {
    MutexLock lock(&impl_->mu);
    impl_->stopping = true;
    for (auto& s : impl_->sockets) ::shutdown(s.native_handle(), SHUT_RDWR);
  }
  ::shutdown(impl_->acceptor.native_handle(), SHUT_RDWR);
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    MutexLock lock(&impl_->mu);
    threads = std::move(impl_->threads);
  }
  for (auto& t : threads) t.join();
}

std::string TlsServer::url() const {
  return (plain_ ? "http://127.0.0.1:" : "https://127.0.0.1:") +
         std::to_string(impl_->acceptor.local_endpoint().port());
}

void TlsServer::Accept() {
  while (true) {
    beast::error_code ec;
    tcp::socket socket(impl_->io);
    impl_->acceptor.accept(socket, ec);
    if (ec) return;
    ++connections_;
    MutexLock lock(&impl_->mu);
    if (impl_->stopping) return;
    impl_->sockets.push_back(std::move(socket));
    tcp::socket* s = &impl_->sockets.back();
    impl_->threads.emplace_back([this, s] {
      try {
        if (plain_) {
          Serve(*s, "");
        } else {
          asio::ssl::stream<tcp::socket&> stream(*s, impl_->tls);
          stream.handshake(asio::ssl::stream_base::server);
          std::string peer;
          if (X509* c = SSL_get1_peer_certificate(stream.native_handle())) {
            char cn[64] = "";
            X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, cn, sizeof cn);
            peer = cn;
            X509_free(c);
          }
          Serve(stream, peer);
        }
      } catch (const std::exception&) {  // the client went away: what the test wanted
      }
      ::shutdown(s->native_handle(), SHUT_RDWR);
    });
  }
}

template <typename Stream>
void TlsServer::Serve(Stream& stream, const std::string& peer) {
  beast::flat_buffer buffer;
  while (true) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.body_limit(16 << 20);
    beast::http::read(stream, buffer, parser);
    const auto& message = parser.get();
    Request request{std::string(message.method_string()),
                    std::string(message.target()),
                    message.body(),
                    peer,
                    {}};
    for (const auto& f : message) {
      request.headers.emplace_back(std::string(f.name_string()), std::string(f.value()));
    }
    const Answer answer = handler_(request);
    if (beast::websocket::is_upgrade(message) && answer.status == 200) {
      beast::websocket::stream<Stream&> socket(stream);
      const std::string offered = request.Header("Sec-WebSocket-Protocol");
      socket.set_option(
          beast::websocket::stream_base::decorator([&](beast::websocket::response_type& head) {
            head.set("Sec-WebSocket-Protocol", offered.substr(0, offered.find(',')));
          }));
      socket.accept(message);
      while (true) {
        beast::flat_buffer frame;
        socket.read(frame);
        socket.binary(socket.got_binary());
        socket.write(frame.data());
      }
    }
    beast::http::response<beast::http::string_body> head;
    head.version(11);
    head.result(answer.status);
    head.set("Content-Type", "application/json");
    if (answer.stream) {
      beast::http::response<beast::http::empty_body> begin;
      begin.version(11);
      begin.result(answer.status);
      begin.chunked(true);
      beast::http::response_serializer<beast::http::empty_body> serializer(begin);
      beast::http::write_header(stream, serializer);
      answer.stream([&](const std::string& piece) {
        beast::error_code ec;
        asio::write(stream, beast::http::make_chunk(asio::buffer(piece)), ec);
        return !ec;
      });
      asio::write(stream, beast::http::make_chunk_last());
      continue;
    }
    head.body() = answer.body;
    head.prepare_payload();
    beast::http::write(stream, head);
  }
}

}  // namespace gantry::http
