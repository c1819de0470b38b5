using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Holdfast.Server.Devices;

/// <summary>
/// The lines that are appended to a file, for ever. How far it was read is remembered beside the outbox, so after a restart nothing is left out; lines
/// that were read in the last moment before a crash may be read again. A file that is shorter than before is read from its beginning.
/// </summary>
internal sealed class FollowedFile(string path, string directory, TimeProvider time) : ILineSource
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly LineBuffer _buffer = new();
    private readonly string _positionFile = Path.Combine(directory, $"followed-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(path))))[..16]}");
    private long _read = -1;
    private long _taken;
    private long _remembered = -1;

    /// <inheritdoc/>
    public bool HasMore => _buffer.HasLine;

    /// <inheritdoc/>
    public async Task<byte[]?> NextAsync(CancellationToken cancellationToken)
    {
        Restore();
        while (true)
        {
            if (_buffer.Take(isEnd: false, out int bytes) is { } line)
            {
                _taken += bytes;
                return line;
            }

            if (Fill() == 0)
            {
                await Task.Delay(Interval, time, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Accepted()
    {
        if (_remembered == _taken || _read < 0)
        {
            return;
        }

        string next = $"{_positionFile}.new";
        File.WriteAllText(next, _taken.ToString(CultureInfo.InvariantCulture));
        File.Move(next, _positionFile, overwrite: true);
        _remembered = _taken;
    }

    private void Restore()
    {
        if (_read < 0)
        {
            _read = File.Exists(_positionFile) && long.TryParse(File.ReadAllText(_positionFile), CultureInfo.InvariantCulture, out long position) ? position : 0;
            (_taken, _remembered) = (_read, _read);
        }
    }

    private int Fill()
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < _read)
        {
            (_read, _taken) = (0, 0);
            _buffer.Clear();
        }

        file.Position = _read;
        int count = file.Read(_buffer.Free.Span);
        _buffer.Add(count);
        _read += count;
        return count;
    }
}
