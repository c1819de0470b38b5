using Holdfast.Log.Segments.Files;
using Holdfast.Log.Segments.Format;
using Microsoft.Extensions.Logging;

namespace Holdfast.Log.Segments.Writing;

/// <summary>
/// Watches the room on the volume. Below <c>minFree</c> appends are refused. When the disk is really full the reserve file is given up, so that
/// retention and state can work; appends then leave its room alone, and it is made again when there is enough.
/// </summary>
internal sealed class DiskRoom
{
    private const int ZeroBlockBytes = 1024 * 1024;
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly ISegmentFileSystem _files;
    private readonly string _directory;
    private readonly SegmentLogOptions _options;
    private bool _reserveHeld;
    private bool _refusing;
    private long _checkedAt;
    private long _freeBytes;

    public DiskRoom(ISegmentFileSystem files, SegmentLogOptions options)
    {
        _files = files;
        _options = options;
        _directory = options.Directory;
        _reserveHeld = ReserveIsWhole();
        Refresh();
    }

    /// <summary>Room on the volume as of now, in bytes.</summary>
    public long FreeBytes
    {
        get
        {
            lock (_lock)
            {
                Refresh();
                return _freeBytes;
            }
        }
    }

    private string ReservePath => Path.Combine(_directory, SegmentNames.Reserve);

    private long Required => _options.MinimumFreeBytes + (_reserveHeld ? 0 : _options.ReserveBytes);

    /// <summary>
    /// Once appends are refused they go on only with room to spare: else a small one would still fit, a larger one not, and the node would
    /// call itself ready and full by turns.
    /// </summary>
    private long RequiredNow => Required + (_refusing ? _options.ReserveBytes : 0);

    /// <summary>Whether an append may take more room. The figure is at most 100 ms old; what was taken since is counted.</summary>
    /// <param name="bytes">The room it takes; 0 when it was taken before.</param>
    public bool HasRoomFor(long bytes)
    {
        lock (_lock)
        {
            if (_options.TimeProvider.GetElapsedTime(_checkedAt) >= RefreshInterval || _freeBytes - bytes < RequiredNow)
            {
                Refresh();
            }

            var fits = _freeBytes - bytes >= RequiredNow;
            _freeBytes -= fits ? bytes : 0;
            ReportChange(fits);
            return fits;
        }
    }

    /// <summary>Whether a whole segment may be reserved ahead of its use.</summary>
    public bool HasRoomToPreallocate()
    {
        lock (_lock)
        {
            Refresh();
            return _freeBytes - _options.SegmentBytes >= Required;
        }
    }

    /// <summary>The system said that the disk is full: the reserve is given up.</summary>
    public void NoteFull()
    {
        lock (_lock)
        {
            ReleaseReserve();
            Refresh();
            ReportChange(fits: false);
        }
    }

    private void Refresh()
    {
        _checkedAt = _options.TimeProvider.GetTimestamp();
        _freeBytes = _files.FreeBytes(_directory);
        if (_reserveHeld && _freeBytes < _options.ReserveBytes)
        {
            ReleaseReserve();
            _freeBytes = _files.FreeBytes(_directory);
        }
        else if (!_reserveHeld && _options.ReserveBytes > 0 && _freeBytes >= _options.MinimumFreeBytes + 2 * _options.ReserveBytes)
        {
            MakeReserve();
            _freeBytes = _files.FreeBytes(_directory);
        }
    }

    private void ReportChange(bool fits)
    {
        if (fits == !_refusing)
        {
            return;
        }

        _refusing = !fits;
        if (_refusing)
        {
            _options.Logger.LogError(
                "The disk is full: {Free} bytes are free in {Directory}, {Required} are required. Appends are refused until there is room.",
                _freeBytes, _directory, RequiredNow);
        }
        else
        {
            _options.Logger.LogInformation("There is room in {Directory} again: {Free} bytes. Appends go on.", _directory, _freeBytes);
        }
    }

    private bool ReserveIsWhole()
    {
        if (_options.ReserveBytes == 0)
        {
            return true;
        }

        try
        {
            using var file = _files.OpenRead(ReservePath);
            return file.Length == _options.ReserveBytes;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void ReleaseReserve()
    {
        if (!_reserveHeld || _options.ReserveBytes == 0)
        {
            return;
        }

        _reserveHeld = false;
        try
        {
            _files.Delete(ReservePath);
            _options.Logger.LogWarning("The disk is full: the reserve of {Bytes} bytes was given up.", _options.ReserveBytes);
        }
        catch (IOException error)
        {
            _options.Logger.LogError(error, "The disk is full, and the reserve file could not be removed.");
        }
    }

    private void MakeReserve()
    {
        try
        {
            using var file = _files.Create(ReservePath);
            if (!file.TryPreallocate(_options.ReserveBytes))
            {
                WriteZeros(file);
            }

            file.Flush();
            _reserveHeld = true;
        }
        catch (IOException error)
        {
            _options.Logger.LogWarning(error, "The reserve of {Bytes} bytes could not be made.", _options.ReserveBytes);
            _files.Delete(ReservePath);
        }
    }

    private void WriteZeros(ISegmentFile file)
    {
        var block = new byte[Math.Min(ZeroBlockBytes, _options.ReserveBytes)];
        for (long position = 0; position < _options.ReserveBytes; position += block.Length)
        {
            file.Write([block.AsMemory(0, (int)Math.Min(block.Length, _options.ReserveBytes - position))], position);
        }
    }
}
