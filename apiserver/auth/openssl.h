#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/result.h"

// What the files of this module that use OpenSSL share. Not for others.
namespace gantry::apiserver::openssl {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using RequestPtr = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

// kInternal with OpenSSL's reason; empties its queue of errors.
Error Failed(std::string_view what);

// A view of `text` to read from, which must outlive it.
BioPtr Open(const std::string& text);
// Null when malformed.
X509Ptr ParseCertificate(const std::string& pem);
KeyPtr ParseKey(const std::string& pem);
// What was written to a memory BIO.
std::string Text(BIO* bio);

// Empty when it is malformed.
std::string Utf8Of(const ASN1_STRING* value);
// The values of a name's entries of one kind, in order.
std::vector<std::string> Entries(const X509_NAME* name, int nid);
bool AddName(X509_NAME* name, const char* field, std::string_view value);
// `issuer` may be the certificate itself.
bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value);
// A random serial number.
bool SetSerial(X509* certificate);
bool SetValidity(X509* certificate, WallTime from, WallTime to);
// The time as far as a WallTime reaches.
WallTime EndOf(const X509* certificate);

}  // namespace gantry::apiserver::openssl
