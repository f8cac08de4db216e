"""A log that can prove what it holds, in the formats that transparency logs share: bytes in, hashes and proofs out.

tree        RFC 6962 Merkle tree: hashes, inclusion and consistency proofs, and their verification
checkpoint  C2SP tlog-checkpoint: size and root of a tree, signed as a note, cosigned by a witness
examine     recomputes a log and says where it contradicts itself or what was signed
"""
