/*
 * support_trusted.h - tokens of a third party, signed once with an RSA key of 2048 bits that was
 * then thrown away, for the moment at which the tests' clock stands (1790000000).
 */
#ifndef LARDER_TESTS_SUPPORT_TRUSTED_H
#define LARDER_TESTS_SUPPORT_TRUSTED_H

#define TRUSTED_ISSUER "https://id.example.org"
#define TRUSTED_AUDIENCE "larder"

static const char trusted_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvsUpghbmNfvPCtsqPfps\n"
    "vnnGqnRMi+O136AcUFpmXwLlY09RsYZU679oAnBwxBqWIlfTwj5lvqeQRwNYdret\n"
    "ErTG8dfBChD+Se6xM6uhpQOsFdl0TKhEExqmxBQx3SJXRtWkgrf3yjIK3i+lfsoF\n"
    "mN4lw6H08jRULxpSN9uGTU0Nj6XFyjrOqUPHLm82smSECCIEmSmDBLv6YkBIE6bX\n"
    "ToZJBb5dEWamrIsfk92aRVlgkxGNV01lElsAq5xjHsjeIdxiFdjrN7GzjqIhysXR\n"
    "uxOaLoPL44Hzdm6ft2LCatvriWLpEvBzVcTGwHq78hY2RmqmiMDJHYWcn/D8h3JF\n"
    "QwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

/* 1024 bits: not trusted whatever it signs; the last token below is good under it. */
static const char trusted_weak_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC47NpcUpyhWvvoUiX3/J+FjN+k\n"
    "esNXjC3ec4w9YZg+pB//HsZcBCWa8eZUfybNKVAGusFyYF98hTQgwXWvzi9XUPo4\n"
    "1X5Oqgtm337A5BjU5qtdMHi01sKmVebSBL8cLtz0/77hSBu6We1c2q2ZNiTHEM09\n"
    "rDZitRNAVh8vr6t0awIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

enum {
    TRUSTED_GOOD,
    TRUSTED_LIST_OF_AUDIENCES,
    TRUSTED_NO_IAT,
    TRUSTED_OTHER_ISSUER,
    TRUSTED_OTHER_AUDIENCE,
    TRUSTED_NO_AUDIENCE,
    TRUSTED_EXPIRED,
    TRUSTED_NO_EXP,
    TRUSTED_NOT_YET,
    TRUSTED_SOON,
    TRUSTED_FROM_THE_FUTURE,
    TRUSTED_TEXT_EXP,
    TRUSTED_NO_SUB,
    TRUSTED_NUMBER_SUB,
    TRUSTED_ALG_RS512,
    TRUSTED_ALG_HS256,
    TRUSTED_ALG_NONE,
    TRUSTED_CRIT,
    TRUSTED_BY_EMAIL,
    TRUSTED_NOBODY,
    TRUSTED_WEAK_KEY,
    TRUSTED_COUNT
};

static const char *const trusted_token[TRUSTED_COUNT] = {
    [TRUSTED_GOOD] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDA2MDB9.n_u6BOLj4Zw1ubcF7Lm9BlM4urSl6AmM_9RhY9FBStb7OLRjofpWGHMps2CH"
        "uleTuJvoTq_jbNZFHbZCn3uAeSeuF6hmN168HW1vGK6SaS13zZDJqcEoYceKFXaOr6lWol3Kq0MvNMHf"
        "SqSLAI4-OGYv2SCHCf8yIyvmbye7nZB6mgGegr8f4ZtIUatwK1YrpgfXTjCv8y2ssskqT6sk63yyO93p"
        "mPnwGFUkwd_ENDyfAIxVUW2VqDqKbXEhxWcHrIqNcGdpQ-0X0nwIkCowsrrbuZlOmXgEKHhPywC0JoO0"
        "tE8FkdNGG5zb7xmn83zOYXbEbhpLYeYdW1mcn6F5OA",
    [TRUSTED_LIST_OF_AUDIENCES] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjpbIm90aGVyIiwibGFyZGVyIl0sInN1YiI6ImFubiIsImlhdCI6MTc4O"
        "Tk5OTk5MCwiZXhwIjoxNzkwMDAwNjAwfQ.MATu0oIIRvyYVwFj8av5BQZVWv-0EiqJFYJlIwF8PZyZ5Q"
        "4f8R3XV2dRrhFT2RzwLI6a6VzCWW358GvOiMIt7HQIizAogQdl718w0Yl9uqCWPJHCsMeZYC3seFhNYZ"
        "CPxzIFJNc8K8Ik9UDFmV14TBHVKdBNSrJ3W2P0WjFcXuoHpIOEibqHth94veYzIIWl_YNCPkvipsqAfg"
        "TD2PoGHwvpkA716ETAUJECWJPbLWwWSPXuWFKaSPWHqBttq8N8uGio7-lf19J3XfhexXDpkrfigeDjIM"
        "oL78YSS6i8EasqqUCYefGCIUVdiI7ONwcLCQTjIXJsMCr6Fo4d2tfG_Q",
    [TRUSTED_NO_IAT] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiZXhwIjoxNzkwMDAwNjAwfQ.Cv"
        "VjEzO-3q10LqaywcubnFHzMJ5o4C69hH1dXa_tM07_IoBR8gdPrUNnu_UYWUGl32zr_J2i8S6dnhz6Bp"
        "GHk__R9I4vcE1wf8hfrjYWTbug1zqLnpgB06yZLICI8t0SX8RHTbVZl1SmYCdOK0GOfuWqPd-_i3ncOW"
        "nfqr-RbCPCQvOu9L1NG9yJhEpPPohxJdkNnW8EsBe9-Dm0WBeesIgucCL6wlx7pI-Vx92YlDZgIWoVf2"
        "3vp6ZPTy4e1snKon2-V9mWgaP5Ij2mP7WeR_2GTnhfICy3hV-fQc0bxjAEcq39nVw_vIDzDT5bv-yXBu"
        "qW4z0LNa6DpJejF7i7LQ",
    [TRUSTED_OTHER_ISSUER] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2V2a"
        "WwuZXhhbXBsZS5vcmciLCJhdWQiOiJsYXJkZXIiLCJzdWIiOiJhbm4iLCJpYXQiOjE3ODk5OTk5OTAsI"
        "mV4cCI6MTc5MDAwMDYwMH0.TbY7YksXfljbMpXRb5opaxa3AqtnKpXorUib5DCH_lO7iC-nhowxZDNnl"
        "ccfeYxSEogMHfxAfIyvQMjKJLlCd48vChy3sk2qm5sN06yqwCCz1ytzV3t-smE7s0D3GPq02tf_VX9PJ"
        "mlC7PozOQyAObQPZzvgEzkPcN4M8T1KdxHfT8FabCy6b_HIxULxQxDTt2iE2yaRGXuk0QaDKsg25Ju9J"
        "YWxjGQBu-PL2CEKIVgR5v-LpoxtNUvbhmHKfakDc6pP2drlXz-YJlFSvIT7jYi4aBeoldiHhAEXqPFtu"
        "GPrAuJjpbBaM2hwxhZpbhk16leio3UGGPT4QYGugK32Ug",
    [TRUSTED_OTHER_AUDIENCE] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoiZWxzZXdoZXJlIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwL"
        "CJleHAiOjE3OTAwMDA2MDB9.MtDfw4dyDsPPXG3TEmKjXm65RaPOZxZtCxvlBh_W-coZn5cJTYsz8QZB"
        "f6VBHUKAKnJSOlz3ecTbhew1HfWlVRLqRS-z_X0HsFN9CA8DdY9LBslmeqcm7Zo5X-dONfYLY0ut4w_F"
        "2_1sSXUuZaumYsO9i2t0-gqOUrqEljpuZ641YoMcW4zzfvnCuftrUTDo59r37dGrP3qek1NsBnhLeuIh"
        "yWlrZh9_QssgtseaNuXu-HItrYNjZM59fswR3D-iyNMc0KMshf5lBAkNkwNxzmDwHDotU-4LV-qJTDNw"
        "ZKHU-wXabTFHwi-3TVl6y3tZRGEldcU8zzIrdpG3dMpcUg",
    [TRUSTED_NO_AUDIENCE] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJleHAiOjE3OTAwMDA2MDB9."
        "Sf6CD7gbY763h-HleSDKcQ-HwUnPFd0hp7Fp5IOG0mdkk6--YKfGwHvX6mjBCI7goyB4eA9UsntdG5Fy"
        "wHtR8xNd3LSND3fNqQTPi1y-wspDk_nvDzsp3JhyVzOJwL-A2O32prAOYJI9jiWRMw21Jcm64ChcbeiZ"
        "Z4WeN-8Qr5xztadp05HM3bOR6u-pfiz2tK7duie51u47j1_178eBP5U7UeNMA70VHe1KWV1Rjj1IsOkd"
        "qaNg4dI8mTXIlKoePiaBC0XiPfI7Ev1j8n4zwiA2_T0kXAdLzUVkjjBcEDqtoH4qSsKYNvqgBOMOBoFb"
        "ztXvDezKPz3HmifhaM5pDA",
    [TRUSTED_EXPIRED] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDAwMDB9.M38_P-xtXkC0Ufx7WrbGLsrBw9lVD1WhTqocVI3CRHwYqY4Xi4pPy37iDkPZ"
        "h2eHENbyawnvcNkoRsJzLXFIjBPTvmTHeEpDpjauxPp6WhDR7EpT7EzfeGm2xrbwkSOv7hMlrnFmQZ6H"
        "HNuoVcyF2k6DZ2BEjcbzjv5G_IeDSSZrOYMfAU76fWZoRZ22QtHeDFkf9xAVmmcki7E-E7nzodRhHmGH"
        "UxGTtJCoIImJ5aTyY6O19TZ9sgxs7lNa-YxK_oJ8OdqmL-z4Qn9CVEuZCtpBoWIOgkxO6lP18ONUAOFZ"
        "JTiDqFSHO7W09_PxWq6kEOy8bqr-u0g5A-x-DlTBfQ",
    [TRUSTED_NO_EXP] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwfQ.lm"
        "oNc0BjCscsUo0sXplHOiHGB5bzwXGpfvbUya3q4Y35pjz_S39cvy_RX2YWb4hieWbL2OVQc9E4-W3RGu"
        "n848YMb4E4Ikvp2oLpYPch07DHEukr3CdwaTW_7A_cdZyA3OT8yyTJjdRzX32ykcPgWzEWIt2dHhkHy0"
        "vNFaKwktNxrYOKcuk6nVihABZ48OtJ1wmyQmjfdVzQV4ri9cFa4mTzaIAABh7gUTpj8nkA8lY1-NPWtA"
        "x8cYl3tjAbLM7ez-vHbzZNM5bg8x4jmGkEYh734mht9swSHBHzZTuT7odN9XqPCV4RbHDZYE1DFbE5Np"
        "S7X9ljGHAMQhZST3QuqA",
    [TRUSTED_NOT_YET] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDA2MDAsIm5iZiI6MTc5MDAwMDA2MX0.Ly0UxUTXY9ZVY841vG91pp092OhVdDnHd-epy"
        "o0w68kfMi95BBLtYBiOG5q5kOglJNA8fDg9xTDJePgdGEIxIXIv2wDaFuL5IcoWjUSoaoAnaNndcaf5N"
        "MwhGHiE1KVMKgIINC4WWu48wYZpcCVk8_-3lriW7G5d8TWm_UTUGl9zq2hI-cXAWjDyuxCERHfg0FssZ"
        "VH9bTn3dSBdOS7jVA0RqwMyuUtL0peQLuy8_VD07wi98d43vwDUMlvRyFvJhW_ms8gWbUzRT9CvT_Pu-"
        "3Nb1JeynKGiHsBpB7gIeYQzoIRwA78sn3NBoSHPQstDheWFUZjGsqc9DsmQDem6xQ",
    [TRUSTED_SOON] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDA2MDAsIm5iZiI6MTc5MDAwMDA2MH0.hLjMyNX4V70K00vzhhHz2IxthFUF2xe2pzvzG"
        "y3Q8On_SavdGREMrx6hqGf9sZT6RTrfMLc7u41MyQEkCurkTDHCBvEjZzWDF7pk0X2nlcl7uVd7hUjWp"
        "0Vgc_A6IYHGYpIjwfe6LwrfBnvS564YqOlk5O60sXAi_lFGXhNCNDr4KP7npI6AVRTF9F53_tHKLaNmE"
        "LWKwtwYq84RoonbjsnZCLyzYOnRDUn3rJPxK_GBhKeaAaoEG82y25Vf11ARsz87thM2d-toVZ-psaOMu"
        "eDMOizlQCelfSRfOKD7m6PeY_6W9jZ_YrvIZw-j-6hiEKe-FF1QqajQN1Mlmg2x9Q",
    [TRUSTED_FROM_THE_FUTURE] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzkwMDAwMDYxLCJle"
        "HAiOjE3OTAwMDA2MDB9.NXy2hwAFxoz77fknJ_eyIz0nTjxgvGlLWDu_0W10FJOFD24Sx6kkLJUWcvI6"
        "cLnEUa4NoK88gquE_-xG_VZ8KtjnomOruFVfMVqVlyVyRMZucuTBF3nmsttrUU9utJcxGfArZ6ftgPAW"
        "NdXYu6hi_IkCadMe4zwQch3ZHrSAxg6Pt3negrlRh2Jg9JUsydpjmltjxyTPSxHafaEPfcXTDLQXSuau"
        "ICAHmVVIZIwDbqW-jl3T7ipw5sD-tQ97Aniqp4Zx1OPCdRYD8GwgDb7Y6UMAjbNyxBX_nBkPyKNP3J9z"
        "ZDRqxPYHwR1Hezp74SstrNGgAv65Jmd1dvjw-aB9bA",
    [TRUSTED_TEXT_EXP] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOiIxNzkwMDAwNjAwIn0.q5AMK7eCPMStz3rZHXWkLRRNtLVLxIvjbtfvZnKGtvq326YjuNcUQJc1z"
        "kMBQVPCLPPEqv4le7ALPhLJMiZeRHe0H5aSZKdd6PfswjmJAMVRugHZeEOl4KOhmMC3abV98QK0-jOpJ"
        "RL_4pnTc8XjFmK2EsKnLDMpJPzEFrgQww_B_lpNXXPccxa54j-AZuk1S5DkRCy7L6Lg85d-V4yi2QDxi"
        "rM2rIHVjZ5P0y4_Eibuas9wO--dWogfDWFriNFIC6EeGslrzgbVHO1SxnMdX67-qjOyjE-yphpm4cDFL"
        "L4IhUP4eKmjiSl1pTDMBWOs2ro2r-HxaW1cRIg9PvLdpg",
    [TRUSTED_NO_SUB] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwiaWF0IjoxNzg5OTk5OTkwLCJleHAiOjE3OTAwMDA2M"
        "DB9.FUMXl18G4BbfUeSFklVLeTMo4n6Pt1yrfGxY96FTawnWlKC_87kWGR3lPyS7ymtvYjLoJ2KJ8G9C"
        "SRB7-JCWxNbi4KauW-E-afrCEnsgRo7uwKwAXLgwY-gs8dw95whFW43YzSOMBF8WEKJwlf62FzJulzvj"
        "wuH9i8NDXxH-fFeUzz65bV1QJtoN2pq3e6PmSRQYqyb4S4H-ORHuxsCGvTInXJA6CCtsSvjHJyLcKoFY"
        "7QUi66nQ1HX0plOYYCb3nAY-J86SVhJX6KF4TpqRmxSYD5ch9znGEt4WOf6WixjVBhcer_eA2srTR_ER"
        "b9lfDJzHcs6wySYF1h8khh4LkA",
    [TRUSTED_NUMBER_SUB] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjo3LCJpYXQiOjE3ODk5OTk5OTAsImV4cCI6M"
        "Tc5MDAwMDYwMH0.Obu2oPW40YwA-QHwpp2QKpysxliCCj81vMtEnfEyNlwzZzUC0IKwT1DpfZVsE0bQJ"
        "EjN5Blxa1uDnk0SeXVoUB33rbOLfrO_fba85G2gTUX7EDIYjYx5O_UV07WkZgWE_VEHQHu8hGLYMyiFE"
        "JEGp0X6XeP2Tl68jrie_u_F2uAAT_9klbtT8fhuV6CpmmX8tUxmSzXjCUlxOsa3oizJuvjkLMci_AFYa"
        "Muymrzd-gjXiVI8BhVSj6ntgkIsrKrwflIF702NX-wFRZXuN19pKssLqHn0QNkN2FwS8JBilNDa--v0V"
        "l5FYQ23gU7942A_-t2kLVUnlTdOFkR-Xp56vA",
    [TRUSTED_ALG_RS512] =
        "eyJhbGciOiJSUzUxMiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDA2MDB9.oHXJZhZupgrQdi99DyW2AxRM0dQuXx032V88c-Hki0VwOsDiMoZwR2vo7yR7"
        "UKpzBiFIttqMGVTOdsMf16ayzeZVq1nABOhLvcLYroSidDUSeuOhtoTz4YAvGxQkydpk6P2Wu1_55XUj"
        "wt6dNHIxKx4Jq3XjYOdrs2UPfJGbM-nNHYwasLyN3L2VB8WUJtOCD7mzfvt3pi8n31go0cbk9jFNTd89"
        "3xG-RCNmdSjPZ3gb4yFHmFhgaCIJ8gfRAivZW_i7M_3Qen2Jg2BDvDlyxO9SVBvthoLuBrDTePdRVLgJ"
        "g0E9_n1skR5QvVMssRJotMGMLO7SZ8dCw-a00frgUw",
    [TRUSTED_ALG_HS256] =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJle"
        "HAiOjE3OTAwMDA2MDB9.M2NGVZKuMp2HaAI1yLn2267POuQ8tlGeo4ylWIspNljorxjFLZo-ZNnqrYCy"
        "2rnyYlP7EC-oX3AksySvZV-zHFbqdPDqKjtBYPP2PRe-Eb09qWF80QDDq0hU5L6St_UBWMEAn7t170mC"
        "uwon9TgvTI8iZhmcYjyjyk3vi1Za6kzpsjndZv-ZmH8JN1voGHLoesOKIlSw8E9J_GFPrwYgmrzA5FDV"
        "CEtOdtbSAhuu1uAS0ll6dhzNlsQfZ3iow4TQP6M3RQzktiQAc2qzTRPq06L0nrtbne3ymVHzzN0J83dO"
        "SUnNQhCOImNZDcrufWf2YPcd92-Gzdi1WSlktIeDUA",
    [TRUSTED_ALG_NONE] =
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiMSJ9.eyJpc3MiOiJodHRwczovL2lkLmV"
        "4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJleHA"
        "iOjE3OTAwMDA2MDB9.CvAAsaxsG_VEjuHcnOyBX9nutC5z0g6nmoTRKktbHEouU0BsKMZeJPFvWUDob6"
        "9t0ZwKG22IuDxk3VOh6oI-WR4_iCVBr3CYpDAnrOVym8Ll1Ol2RURAeFAL-81Y5SXFpo4NOY-4kHkBot"
        "4Xx_Mz_ebehpxvP62GIazpFAoDmBGTOmO3py92u9IY7hIcjUiqKVdf0gXP-7RLB9CWxNt6bLd41RmbBL"
        "epOz9Ztbr5_IK_xb5eIcjrEN_Gg84VGxQbWu4PHztkY-cW2eNYhx9WvBQcHZA1D_mEGGl1VcfHYNmqGY"
        "pvgX0OsDJalNyYQ9Ke-z4fDYJ1xc5mETVE_fZGTA",
    [TRUSTED_CRIT] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEiLCJjcml0IjpbImV4cCJdfQ.eyJpc"
        "3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uIiwiaWF0I"
        "joxNzg5OTk5OTkwLCJleHAiOjE3OTAwMDA2MDB9.aypHzg-kZmaLNqtMCeXO8pWpoOGgIFKkpqEGHpYO"
        "hJRx9MzYU9R2Tzyd7xHn_x53P0CNaFzfmDi0uvcE56N0dzkOW3swxr74hpmjuXIIaIwXKxYQlFD53ctq"
        "z7JBcRk5woaHrWjRdbD8NHiuFujFNCvHWsHg-85Pae7Pn1OLxKToMnbI8rd-kOwKnlsd74DCbfACaJHu"
        "EXDk1f1TD1E74MAGvt1UY6BR-sKcK_wA6e5YVuWUChdK1tnK8z-zlhSZh6GbTJQFcgOzmo13vYCx8s2p"
        "d5m9F0YVZbWlpcuICO_6zF19ID4fZmgeLsX6uCrpb2nDrz05Skj5CEnCnH4xbg",
    [TRUSTED_BY_EMAIL] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoiYW5uQGFjbWUuY29tIiwiaWF0IjoxNzg5O"
        "Tk5OTkwLCJleHAiOjE3OTAwMDA2MDB9.e1hZ1B5lI_G4qG2G5IE1Lj71VQsSKPeLNJvhxQUwtiirYwuv"
        "e2PBnmP95-fb5x3qOWgxoAUPWvki2atBCG6-_yvYt7RNg2TbdLmVYBm2Taa4YR4A_ZAgE1pi-P-8e7_u"
        "9Iu_IUvLPjB3zDXRKYJ4onvrk99el6brrerWI5OkyPbc_knbaUzssWxo3cx6QJJFC120cDG8J4aDz9ri"
        "tL5L08nq1DR2sOJLozdf532LE7ek1lReN_a-HE3Ge-sPf3iCydf-mEgquYPVOAEbrAwhMd0MbueGZ8s-"
        "SOW2gEJigMDICamKZ9f6Aqqosz8TQiB2HEOHZ3cYFip5hshXcmXC1g",
    [TRUSTED_NOBODY] =
        "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2lkL"
        "mV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGVyIiwic3ViIjoibWFsbG9yeSIsImlhdCI6MTc4OTk5OTk5M"
        "CwiZXhwIjoxNzkwMDAwNjAwfQ.jjS_0aNujIfY008aAi3JOTlhlMDCVbKAd5Y_S4Z1OGbkaWjvUM3D7k"
        "Q1xJkA8QjpfnETKZUDSjCWOP0qpbBw0p7l_gV5J2mt9k7i0NYOEj1KOg2JsPGKXB4vVWKPtQdIx3YC_V"
        "JvXNKwraBBv-3bhB2l_aaCv-_P3p3kPwi383C64hCEB6t5E_SBpeHs0FIxjQ_7__jmUZILqSpSbxgz8g"
        "RM439o8w7QD3mjjv5mDaHGfKzSmncWZ4PwMuQ-mmH6sMMyQoDw2nnpidUvuRZL0RGxnN9_Bi22douiwx"
        "0eE54LqK-JoikE05PfpCvWZkfMKP2LM8ixA4G4nWR5n3y1Mw",
    [TRUSTED_WEAK_KEY] =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjoibGFyZGV"
        "yIiwic3ViIjoiYW5uIiwiaWF0IjoxNzg5OTk5OTkwLCJleHAiOjE3OTAwMDA2MDB9.mwMNHo3kUzd8hb"
        "K1sQfg6IWEp26JcjEe3Cfz7qh9H3ubQG5evDJDFyqY8sV78NtlAdEM3U642ciUJ09PuYNOy8Qas-pG87"
        "FnvPymmeDaC47ganGFDHhTjCiMPsbEW7pUA5pcaqRFCIAPdoRtOBoMdytmwib1pFXlb6ajx-nBbF4",
};

#endif
