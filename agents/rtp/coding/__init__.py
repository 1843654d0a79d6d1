"""Speech in payloads: codecs that work while a call is up, decoders for who listens afterwards, and recorded speech.

codec          G.711 and GSM, both ways, into each other        RFC 3551, 4.5.14, 4.5.8
decoders       those and the wideband ones, by name
g722, opus     libspandsp's and libopus' decoders               RFC 3551, 4.5.2; RFC 7587
recorded       payloads from files that were encoded once       RFC 7845
"""
