@echo off
rem Starts the server: behind spanpipe if you have turned telemetry on (WORDS_TELEMETRY=1), and otherwise alone.
setlocal
set "wrap="
if not "%SPANPIPE_TELEMETRY%"=="" goto wrapped
for %%w in (1 true on) do if /i "%WORDS_TELEMETRY%"=="%%w" goto asked
goto start

:asked
rem What PRIVACY.md says, and no more: settings and keys that you have for other telemetry are not for ours. A veto counts.
for /f "delims==" %%v in ('set') do call :forget "%%v"
for /f "usebackq delims=" %%l in ("%~dp0telemetry.env") do set "%%l"

:wrapped
for %%s in (spanpipe.exe) do set "wrap=%%~$PATH:s"
if "%wrap%"=="" echo word-server: spanpipe is not installed, so there is no telemetry>&2
if not "%wrap%"=="" set wrap="%wrap%" --

:start
%wrap% python "%~dp0server.py" %*
goto :eof

:forget
set "name=%~1"
if /i "%name:~0,9%"=="SPANPIPE_" if /i not "%name%"=="SPANPIPE_OTEL_SDK_DISABLED" set "%name%="
if /i "%name:~0,5%"=="OTEL_" if /i not "%name%"=="OTEL_SDK_DISABLED" set "%name%="
