using System.Security.Cryptography;
using System.Text;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Operating;

/// <summary>How a try to log in ended.</summary>
internal enum LoginResult
{
    /// <summary>It is who it says.</summary>
    Welcome,

    /// <summary>Name or password is wrong; which of them is not said.</summary>
    Wrong,

    /// <summary>Too many were wrong lately, or too many try at the same time.</summary>
    TooMany,
}

/// <summary>Who is logged in. Wrong passwords are counted, so that nobody can try them all, and checked one at a time, so that trying costs the page no more than one core.</summary>
internal sealed class Logins(StatusDesk desk, TimeProvider time)
{
    /// <summary>So many wrong passwords of one name, and four times as many of all, are heard within <see cref="Window"/>.</summary>
    public const int MaximumWrong = 10;

    /// <summary>How long a wrong password counts.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private const int MaximumWaiting = 20;

    private static readonly SemaphoreSlim Checking = new(1);

    private readonly Lock _lock = new();
    private readonly List<(string Name, DateTimeOffset At)> _wrong = [];
    private int _waiting;

    /// <summary>Logs in.</summary>
    /// <returns>How it ended, and the token of the login's cookie.</returns>
    public async Task<(LoginResult Result, string Token)> EnterAsync(string name, string password, CancellationToken cancellationToken)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaximumWaiting || IsFull(name))
            {
                return (LoginResult.TooMany, "");
            }

            await Checking.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(() => Check(name, password), cancellationToken);
            }
            finally
            {
                Checking.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>The login that a cookie stands for, or null; using it keeps it.</summary>
    public Session? Find(string token)
    {
        if (token.Length != Tokens.Length)
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        return desk.Use(tables =>
        {
            if (tables.Operators.Find(Hash(token), now) is not { } session)
            {
                return null;
            }

            if (now - session.UsedAt > TimeSpan.FromMinutes(1))
            {
                tables.Operators.Keep(session with { UsedAt = now });
            }

            return session;
        });
    }

    /// <summary>Logs out.</summary>
    public void Leave(Session session) => desk.Use(tables =>
    {
        tables.Operators.Remove(session);
        return true;
    });

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private (LoginResult Result, string Token) Check(string name, string password)
    {
        Operator? known = desk.Use(tables => tables.Operators.All()).Find(one => one.Name == name);

        // A name that is not known takes as long as one that is.
        bool isRight = Passwords.Verify(known?.Password ?? Passwords.Nobody, password) && known is not null;
        DateTimeOffset now = time.GetUtcNow();
        if (!isRight)
        {
            lock (_lock)
            {
                _wrong.Add((name, now));
            }

            return (LoginResult.Wrong, "");
        }

        string token = Tokens.Make();
        desk.Use(tables =>
        {
            tables.Operators.Keep(new Session(Hash(token), name, Tokens.Make(), now, now));
            tables.Audit.Add(new AuditEntry(now, name, "log in", ""));
            return true;
        });
        return (LoginResult.Welcome, token);
    }

    private bool IsFull(string name)
    {
        lock (_lock)
        {
            DateTimeOffset since = time.GetUtcNow() - Window;
            _wrong.RemoveAll(one => one.At < since);
            return _wrong.Count >= 4 * MaximumWrong || _wrong.Count(one => one.Name == name) >= MaximumWrong;
        }
    }
}
