/*
 * imports_names.c - the modules whose distribution has another name.
 *
 * The usual suspects, not the whole index: where a name is not in the table, the rules at the end
 * try what authors commonly do ("x" from "python-x"). A row missing here costs a finding, never an
 * upload of an org, and a v1 author can declare the name of the module beside it.
 */
#include "package/imports_names.h"

#include <string.h>

struct row {
    const char *module; /* with everything below it */
    const char *key;
};

// clang-format off
static const struct row other_names[] = {
    {"Crypto", "pycryptodome"},           {"Cryptodome", "pycryptodomex"},
    {"Levenshtein", "levenshtein"},       {"Levenshtein", "python-levenshtein"},
    {"MySQLdb", "mysqlclient"},           {"OpenSSL", "pyopenssl"},
    {"PIL", "pillow"},                    {"PyPDF2", "pypdf2"},
    {"attr", "attrs"},                    {"bs4", "beautifulsoup4"},
    {"cairosvg", "cairosvg"},             {"community", "python-louvain"},
    {"cv2", "opencv-python"},             {"cv2", "opencv-python-headless"},
    {"cv2", "opencv-contrib-python"},     {"dateutil", "python-dateutil"},
    {"ddgs", "ddgs"},                     {"discord", "discord-py"},
    {"docx", "python-docx"},              {"dotenv", "python-dotenv"},
    {"duckduckgo_search", "duckduckgo-search"}, {"email_validator", "email-validator"},
    {"faiss", "faiss-cpu"},               {"faiss", "faiss-gpu"},
    {"fitz", "pymupdf"},                  {"flask_cors", "flask-cors"},
    {"git", "gitpython"},                 {"github", "pygithub"},
    {"gitlab", "python-gitlab"},          {"google.auth", "google-auth"},
    {"google.genai", "google-genai"},     {"google.generativeai", "google-generativeai"},
    {"google.oauth2", "google-auth"},     {"google.protobuf", "protobuf"},
    {"googleapiclient", "google-api-python-client"}, {"grpc", "grpcio"},
    {"ibm_db", "ibm-db"},                 {"jose", "python-jose"},
    {"jwt", "pyjwt"},                     {"kafka", "kafka-python"},
    {"ldap", "python-ldap"},              {"ldap3", "ldap3"},
    {"lxml_html_clean", "lxml-html-clean"}, {"magic", "python-magic"},
    {"markdown", "markdown"},             {"mpl_toolkits", "matplotlib"},
    {"multipart", "python-multipart"},    {"mysql", "mysql-connector-python"},
    {"nacl", "pynacl"},                   {"newspaper", "newspaper3k"},
    {"odf", "odfpy"},                     {"osgeo", "gdal"},
    {"pkg_resources", "setuptools"},      {"playhouse", "peewee"},
    {"pptx", "python-pptx"},              {"psycopg2", "psycopg2-binary"},
    {"psycopg_binary", "psycopg-binary"}, {"pylab", "matplotlib"},
    {"pymupdf", "pymupdf"},               {"pythoncom", "pywin32"},
    {"pywintypes", "pywin32"},            {"readability", "readability-lxml"},
    {"rest_framework", "djangorestframework"}, {"ruamel", "ruamel-yaml"},
    {"serial", "pyserial"},               {"sentence_transformers", "sentence-transformers"},
    {"skimage", "scikit-image"},          {"sklearn", "scikit-learn"},
    {"slack", "slackclient"},             {"slack_sdk", "slack-sdk"},
    {"slugify", "python-slugify"},        {"snowflake", "snowflake-connector-python"},
    {"socks", "pysocks"},                 {"speech_recognition", "speechrecognition"},
    {"telegram", "python-telegram-bot"},  {"tlz", "toolz"},
    {"unstructured_client", "unstructured-client"}, {"usb", "pyusb"},
    {"vertexai", "google-cloud-aiplatform"}, {"websocket", "websocket-client"},
    {"win32api", "pywin32"},              {"win32com", "pywin32"},
    {"wx", "wxpython"},                   {"yaml", "pyyaml"},
    {"youtube_transcript_api", "youtube-transcript-api"}, {"zmq", "pyzmq"},
};

/* What comes along with something else, as far as people rely on it. */
static const struct row brought[] = {
    {"annotated_types", "pydantic"},      {"anyio", "httpx"},
    {"botocore", "boto3"},                {"certifi", "httpx"},
    {"certifi", "requests"},              {"charset_normalizer", "requests"},
    {"click", "flask"},                   {"click", "typer"},
    {"dateutil", "pandas"},               {"dateutil", "botocore"},
    {"h11", "httpx"},                     {"httpcore", "httpx"},
    {"httpx", "anthropic"},               {"httpx", "openai"},
    {"idna", "httpx"},                    {"idna", "requests"},
    {"jinja2", "flask"},                  {"joblib", "scikit-learn"},
    {"langchain_core", "langchain"},      {"langchain_core", "langchain-community"},
    {"langchain_core", "langchain-openai"}, {"langchain_core", "langgraph"},
    {"langchain_text_splitters", "langchain"}, {"langsmith", "langchain-core"},
    {"multidict", "aiohttp"},             {"numpy", "matplotlib"},
    {"numpy", "pandas"},                  {"numpy", "scikit-learn"},
    {"numpy", "scipy"},                   {"numpy", "torch"},
    {"pydantic", "anthropic"},            {"pydantic", "fastapi"},
    {"pydantic", "langchain"},            {"pydantic", "langchain-core"},
    {"pydantic", "openai"},               {"pydantic_core", "pydantic"},
    {"pytz", "pandas"},                   {"s3transfer", "boto3"},
    {"scipy", "scikit-learn"},            {"sniffio", "httpx"},
    {"soupsieve", "beautifulsoup4"},      {"starlette", "fastapi"},
    {"tenacity", "langchain-core"},       {"typing_extensions", "fastapi"},
    {"typing_extensions", "pydantic"},    {"urllib3", "requests"},
    {"werkzeug", "flask"},                {"yarl", "aiohttp"},
};

/* Modules that many distributions share: "google" is whatever begins with "google-". */
static const char *const shared_names[] = {"azure", "google", "langchain", "opentelemetry",
                                           "zope"};
// clang-format on

static bool is_below(struct slice module, const char *name)
{
    size_t n = strlen(name);
    return slice_starts(module, name) && (module.n == n || module.p[n] == '.');
}

static bool has_row(const struct row *rows, size_t count, struct slice module, struct slice key)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(key, rows[i].key) && is_below(module, rows[i].module))
            return true;
    return false;
}

static char folded(char c)
{
    if (c == '_' || c == '.')
        return '-';
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "google.cloud.storage" as a key is "google-cloud-storage". */
static bool same(struct slice name, struct slice key)
{
    if (name.n != key.n)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (folded(name.p[i]) != key.p[i])
            return false;
    return true;
}

static bool is_shared(struct slice top, struct slice key)
{
    for (size_t i = 0; i < sizeof shared_names / sizeof *shared_names; i++)
        if (slice_is(top, shared_names[i]))
            return key.n > top.n && same(top, slice_sub(key, 0, top.n)) && key.p[top.n] == '-';
    return false;
}

/* python-x, x-python, pyx: habits of those who find the plain name taken. */
static bool by_habit(struct slice top, struct slice key)
{
    if (slice_starts(key, "python-") && same(top, slice_sub(key, 7, key.n)))
        return true;
    if (slice_starts(key, "py") && same(top, slice_sub(key, 2, key.n)))
        return true;
    return (slice_ends(key, "-python") && same(top, slice_sub(key, 0, key.n - 7))) ||
           (slice_ends(key, "-py") && same(top, slice_sub(key, 0, key.n - 3)));
}

bool import_comes_with(struct slice module, struct slice key)
{
    struct slice top = slice_sub(module, 0, slice_find(module, '.'));
    if (has_row(other_names, sizeof other_names / sizeof *other_names, module, key))
        return true;
    for (size_t n = 0; n < module.n;) { /* google, google.cloud, google.cloud.storage */
        struct slice rest = slice_sub(module, n, module.n);
        n += slice_find(rest, '.');
        if (same(slice_sub(module, 0, n), key))
            return true;
        n++;
    }
    return is_shared(top, key) || by_habit(top, key);
}

bool import_is_brought_by(struct slice module, struct slice key)
{
    return has_row(brought, sizeof brought / sizeof *brought, module, key);
}

struct slice import_distribution(struct slice module)
{
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
        if (is_below(module, other_names[i].module))
            return slice_of(other_names[i].key);
    return slice_sub(module, 0, slice_find(module, '.'));
}
