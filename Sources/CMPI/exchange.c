#include "CMPI.h"

// EMPI is defined by the package's trait MPI.
#if EMPI
#if __has_include(<mpi.h>)
#include <mpi.h>
#elif __has_include(<mpi/mpi.h>)  // Debian's alternative, on the compiler's own path
#include <mpi/mpi.h>
#else
#error "mpi.h is missing: apt-get install libopenmpi-dev openmpi-bin (the package's trait MPI needs it); elsewhere set CPATH and LIBRARY_PATH to what mpicc --showme says"
#endif
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { EMPI_TOO_LONG = -1, EMPI_NO_MEMORY = -2 };

static int ranks = 0;

// MPI's words for a status.
static int told(int status, const char *call, char message[EMPI_MESSAGE]) {
  if (status == MPI_SUCCESS) return 0;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(status, text, &length);
  snprintf(message, EMPI_MESSAGE, "%s: %.*s", call, length, text);
  return status;
}

int empi_start(int *rank, int *size, char message[EMPI_MESSAGE]) {
  int provided = 0;
  int status = told(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread", message);
  if (status) return status;
  // A fault comes back as a status instead of ending the process with a page of text.
  status = told(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", message);
  if (status) return status;
  status = told(MPI_Comm_rank(MPI_COMM_WORLD, rank), "MPI_Comm_rank", message);
  if (status) return status;
  status = told(MPI_Comm_size(MPI_COMM_WORLD, size), "MPI_Comm_size", message);
  if (status == 0) ranks = *size;
  return status;
}

// Counts and places of `lengths`, as MPI's ints, in `table`: [ranks] counts, then [ranks] places.
static int lay_out(const size_t *lengths, int *table, const char *call, char message[EMPI_MESSAGE]) {
  size_t place = 0;
  for (int r = 0; r < ranks; r++) {
    if (lengths[r] > INT_MAX || place > INT_MAX) {
      snprintf(message, EMPI_MESSAGE, "%s: more than 2 GiB in one exchange", call);
      return EMPI_TOO_LONG;
    }
    table[r] = (int)lengths[r];
    table[ranks + r] = (int)place;
    place += lengths[r];
  }
  return 0;
}

static int *tables(int count, const char *call, char message[EMPI_MESSAGE]) {
  int *table = malloc((size_t)count * 2 * (size_t)ranks * sizeof(int));
  if (!table) snprintf(message, EMPI_MESSAGE, "%s: out of memory", call);
  return table;
}

int empi_all_gather(const void *own, const size_t *lengths, void *all, char message[EMPI_MESSAGE]) {
  static const char call[] = "MPI_Allgatherv";
  int *table = tables(1, call, message), rank = 0;
  if (!table) return EMPI_NO_MEMORY;
  int status = lay_out(lengths, table, call, message);
  if (status == 0) status = told(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank", message);
  if (status == 0)
    status = told(
        MPI_Allgatherv(own, table[rank], MPI_BYTE, all, table, table + ranks, MPI_BYTE, MPI_COMM_WORLD), call, message);
  free(table);
  return status;
}

int empi_all_to_all(const void *out, const size_t *out_lengths, void *in, const size_t *in_lengths,
                    char message[EMPI_MESSAGE]) {
  static const char call[] = "MPI_Alltoallv";
  int *table = tables(2, call, message);
  if (!table) return EMPI_NO_MEMORY;
  int *second = table + 2 * ranks;
  int status = lay_out(out_lengths, table, call, message);
  if (status == 0) status = lay_out(in_lengths, second, call, message);
  if (status == 0)
    status = told(
        MPI_Alltoallv(out, table, table + ranks, MPI_BYTE, in, second, second + ranks, MPI_BYTE, MPI_COMM_WORLD), call,
        message);
  free(table);
  return status;
}

int empi_finish(char message[EMPI_MESSAGE]) {
  // mpirun takes a rank that ends with another code than 0 for a fault and kills the rest: none may end before all.
  int status = told(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier", message);
  if (status == 0) status = told(MPI_Finalize(), "MPI_Finalize", message);
  return status;
}

void empi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }
#endif
