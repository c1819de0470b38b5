using Holdfast.Log.Partitions;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Holdfast.Log.State.Sqlite;

/// <summary>SQLite's error codes in words that an operator can act on.</summary>
internal static class StateErrors
{
    /// <summary>With less room than this on the volume, an I/O error is taken for a full disk: SQLite does not pass on the system's reason.</summary>
    private const long AlmostNoRoomBytes = 256 * 1024;

    public static Exception Translate(Exception error, string path) => error switch
    {
        SqliteException sqlite => Translate(sqlite, path),
        InvalidDataException => Corrupt(error, path),
        _ => error,
    };

    private static IOException Translate(SqliteException error, string path) => error.SqliteErrorCode switch
    {
        SQLITE_IOERR when error.SqliteExtendedErrorCode is SQLITE_IOERR_FSYNC or SQLITE_IOERR_DIR_FSYNC
            => new FlushFailedException($"The disk did not confirm a flush of the state store '{path}'.", error),
        SQLITE_FULL => Full(error, path),
        SQLITE_IOERR when FreeBytes(path) < AlmostNoRoomBytes => Full(error, path),
        SQLITE_CORRUPT or SQLITE_NOTADB => Corrupt(error, path),
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM
            => new StateStoreException($"The state store '{path}' cannot be opened for writing: {error.Message}", error),
        SQLITE_BUSY or SQLITE_LOCKED
            => new StateStoreException($"The state store '{path}' is in use by another process.", error),
        _ => new StateStoreException($"The state store '{path}' failed: {error.Message}", error),
    };

    private static StateStoreFullException Full(SqliteException error, string path)
        => new($"There is no room on the disk for the state store '{path}'.", error);

    private static StateStoreCorruptException Corrupt(Exception error, string path)
        => new($"The state store '{path}' is damaged or is not a state store: {error.Message}", error);

    private static long FreeBytes(string path)
    {
        try
        {
            return new DriveInfo(Path.GetDirectoryName(path)!).AvailableFreeSpace;
        }
        catch (IOException)
        {
            return long.MaxValue;
        }
    }
}
