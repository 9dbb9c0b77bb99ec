# cmake -DIN=page.5.in -DPARAMETERS_FROM=parameters.mdoc -DOUT=page.5 -P manual.cmake
# The page with the sections that are made from the table of parameters.
file(READ ${PARAMETERS_FROM} PARAMETERS)
string(STRIP "${PARAMETERS}" PARAMETERS)
configure_file(${IN} ${OUT} @ONLY)
