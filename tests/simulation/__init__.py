"""The simulator (推演): provinces with real ledgers, and everything going wrong, one seed after the other.

Two or three nodes run the real book, journal, procedures and exchange on SQLite files, in one
thread, on clocks that the dice move. What officers do, what the network loses, doubles, delays or
cuts, where a node dies and which disk it wakes up with: all of it follows from one number.

    nodes     a province that can die at any transaction, and comes back with what its disk holds
    network   what stands between two of them
    officers  what people do at one
    checks    what must hold, on the way and at the end
    running   one seed from beginning to end

    make simulate SEEDS=10000       many seeds
    make simulate SEED=4711         one of them, with all its steps
"""
