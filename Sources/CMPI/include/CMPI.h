// Exchanges of bytes between the ranks of a job, through MPI. Without the package's trait MPI there is nothing behind
// this header.
#ifndef ESCAPEMENT_CMPI_H
#define ESCAPEMENT_CMPI_H
#include <stddef.h>

enum { EMPI_MESSAGE = 512 };

// All return 0, or else a status whose meaning, in MPI's words where it is MPI's, is in the message. Calls come from the
// thread that started MPI. No call adds numbers: MPI moves bytes, and the order of additions stays the caller's.

// Starts MPI and tells who this process is among how many.
int empi_start(int *rank, int *size, char message[EMPI_MESSAGE]);

// Every rank's bytes behind one another in `all`, in rank order; rank r gives lengths[r], the same list on all ranks.
int empi_all_gather(const void *own, const size_t *lengths, void *all, char message[EMPI_MESSAGE]);

// To rank r the next out_lengths[r] bytes of `out`; from rank r in_lengths[r] bytes, in rank order in `in`.
int empi_all_to_all(const void *out, const size_t *out_lengths, void *in, const size_t *in_lengths,
                    char message[EMPI_MESSAGE]);

// Waits for all ranks and ends MPI; the process may end after it in its own time.
int empi_finish(char message[EMPI_MESSAGE]);

// Ends the processes of all ranks with an exit code, at once.
void empi_abort(int code);

#endif
